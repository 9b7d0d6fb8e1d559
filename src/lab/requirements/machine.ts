/** Looks at this machine: all checks of what the lab needs, in one place for `doctor`, the set-up script and the tests. */
import { readFile } from 'node:fs/promises';
import { delimiter } from 'node:path';

import { EnvironmentError } from '../../core/errors.ts';
import { runProcess } from '../../core/process.ts';
import type { Check, Machine } from './check.ts';
import { checkCgroups, KERNEL_FEATURES, tryKernelFeature } from './kernel.ts';
import { checkLimits } from './limits.ts';
import { checkProgram, COMPILER, findProgram, PROGRAMS } from './programs.ts';

/** Oldest Go that builds the lab's components (their go.mod files ask for it). */
const GO_MINIMUM: readonly [number, number] = [1, 26];

/** This machine's kind. The administrators' folders are searched even when PATH lacks them. */
export async function thisMachine(env: Readonly<Record<string, string | undefined>> = process.env): Promise<Machine> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const named = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    isDebian: /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release),
    path: [...new Set([...named, '/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/go/bin'])],
  };
}

/** Runs every check. Nothing is changed on the machine. */
export async function checkMachine(machine: Machine): Promise<Check[]> {
  const checks: Check[] = [checkPlatform(machine), checkRoot(machine)];
  if (machine.platform !== 'linux') return checks;
  const programs = await Promise.all(PROGRAMS.map((program) => checkProgram(program, 'programs', machine)));
  const compiler = await Promise.all(COMPILER.map((program) => checkProgram(program, 'build', machine)));
  const missing = new Set([...programs].filter((check) => check.verdict === 'fail').map((check) => check.title));
  const kernel = await Promise.all(
    KERNEL_FEATURES.map(async (feature): Promise<Check> => {
      const absent = feature.trial.flatMap((argv) => argv.slice(0, 1)).find((program) => missing.has(program));
      const why = absent !== undefined ? `cannot be tried without ${absent}` : machine.isRoot ? undefined : 'only root can try it';
      if (why === undefined) return tryKernelFeature(feature);
      return { id: feature.id, group: 'kernel', title: feature.title, purpose: feature.purpose, verdict: 'skip', seen: why };
    }),
  );
  return [...checks, ...kernel, await checkCgroups(), ...(await checkLimits()), ...programs, ...compiler, await checkGo(machine)];
}

function checkPlatform(machine: Machine): Check {
  const check = { id: 'machine.linux', group: 'machine' as const, title: 'Linux', purpose: 'the lab is made of Linux namespaces' };
  if (machine.platform === 'linux') return { ...check, verdict: 'pass', seen: 'linux' };
  return { ...check, verdict: 'fail', seen: machine.platform, fix: 'run the lab on a Linux machine or in a Linux virtual machine' };
}

function checkRoot(machine: Machine): Check {
  const check = { id: 'machine.root', group: 'machine' as const, title: 'root', purpose: 'the lab makes namespaces, mounts and links' };
  if (machine.isRoot) return { ...check, verdict: 'pass', seen: 'root' };
  return { ...check, verdict: 'fail', seen: 'an ordinary user', fix: 'run the lab and its tests as root' };
}

async function checkGo(machine: Machine): Promise<Check> {
  const least = GO_MINIMUM.join('.');
  const check = { id: 'build.go', group: 'build' as const, title: `Go ${least} or newer`, purpose: "builds the lab's components from their pinned modules" };
  const fix = `install Go ${least} or newer from https://go.dev/dl/ and put its bin folder on PATH`;
  const program = await findProgram('go', machine.path);
  if (program === undefined) return { ...check, verdict: 'fail', seen: 'not found', fix };
  const answer = await runProcess([program, 'env', 'GOVERSION'], { env: { GOTOOLCHAIN: 'local' } });
  const said = Buffer.from(answer.stdout).toString().trim();
  if (isGoNewEnough(said)) return { ...check, verdict: 'pass', seen: `${said} (${program})` };
  return { ...check, verdict: 'fail', seen: said || 'no version', fix };
}

/** Whether `go env GOVERSION` (`go1.26.3`) names a Go that is new enough. */
export function isGoNewEnough(version: string): boolean {
  const parts = /^go(\d+)\.(\d+)/.exec(version);
  if (parts === null) return false;
  const [major, minor] = [Number(parts[1]), Number(parts[2])];
  return major > GO_MINIMUM[0] || (major === GO_MINIMUM[0] && minor >= GO_MINIMUM[1]);
}

/** What keeps the lab from running here, one sentence each; empty when it can run. A missing compiler does not: components may be there already. */
export function labObstacles(checks: readonly Check[]): string[] {
  return checks
    .filter((check) => check.verdict === 'fail' && check.group !== 'build')
    .map((check) => `${check.title} (${check.purpose}): ${check.seen}${check.fix === undefined ? '' : `; ${check.fix}`}`);
}

/** Errors: EnvironmentError naming everything that keeps the lab from running here. */
export async function requireLab(): Promise<void> {
  const found = labObstacles(await checkMachine(await thisMachine()));
  if (found.length === 0) return;
  throw new EnvironmentError(`This machine cannot run the lab:\n${found.map((line) => `  - ${line}`).join('\n')}`, {
    hint: 'fairlead doctor shows every check; as root on Debian or Ubuntu, fairlead doctor --install brings the packages',
  });
}
