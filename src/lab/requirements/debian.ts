/** Installs Debian packages without starting, now or at the next boot, the services that some of them bring. */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';

import { EnvironmentError } from '../../core/errors.ts';
import { runProcess } from '../../core/process.ts';
import type { Check } from './check.ts';

/** Asked by every maintainer script before it starts a service (see invoke-rc.d(8)); status 101 forbids it. */
const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_ASIDE = '/usr/sbin/policy-rc.d.before-fairlead';

/** Services of packages in the tables: the lab starts its own copies of these programs. */
const SERVICES: Readonly<Record<string, string>> = { containerd: 'containerd', 'etcd-server': 'etcd', 'openssh-server': 'ssh' };

/** Packages not tied to one program: headers that gcc needs for cgo. */
const ALONG: Readonly<Record<string, readonly string[]>> = { gcc: ['libc6-dev'] };

/** The packages that would mend the failed checks, each once, in order. */
export function missingPackages(checks: readonly Check[]): string[] {
  const direct = checks.filter((check) => check.verdict === 'fail').flatMap((check) => check.debianPackage ?? []);
  return [...new Set(direct.flatMap((name) => [name, ...(ALONG[name] ?? [])]))];
}

/** The command a person would type. */
export function installCommand(packages: readonly string[]): string {
  return `apt-get update && apt-get install --yes --no-install-recommends ${packages.join(' ')}`;
}

/** Installs packages as root. Errors: EnvironmentError with apt's last lines. */
export async function installPackages(packages: readonly string[], options: { signal: AbortSignal; onOutput: (text: string) => void }): Promise<void> {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const apt = async (...words: string[]): Promise<void> => {
    const argv = ['apt-get', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0', ...words];
    const result = await runProcess(argv, { env, timeoutMs: 1_800_000, signal: options.signal, onOutput: options.onOutput });
    if (result.code === 0) return;
    const said = result.stderr.trim().split('\n').slice(-5).join('\n');
    throw new EnvironmentError(`\`apt-get ${words.join(' ')}\` ended with status ${result.code}:\n${said}`, {
      hint: `when the machine reaches its package archive again: ${installCommand(packages)}`,
    });
  };
  await apt('update');
  await withoutServiceStarts(async () => apt('install', '--yes', '--no-install-recommends', ...packages));
  for (const name of packages) {
    const service = SERVICES[name];
    if (service !== undefined) await keepFromBooting(service);
  }
}

/** Runs `work` while maintainer scripts may start nothing; the machine's own policy, if any, is put back whatever happens. */
async function withoutServiceStarts(work: () => Promise<void>): Promise<void> {
  // Left by a run that was killed: the file in place is then ours.
  if (existsSync(POLICY_ASIDE)) renameSync(POLICY_ASIDE, POLICY);
  const had = existsSync(POLICY);
  if (had) renameSync(POLICY, POLICY_ASIDE);
  writeFileSync(POLICY, '#!/bin/sh\n# Made by `fairlead doctor --install` for the time of one installation.\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    if (had) renameSync(POLICY_ASIDE, POLICY);
    else rmSync(POLICY, { force: true });
  }
}

async function keepFromBooting(service: string): Promise<void> {
  if (existsSync('/usr/bin/systemctl')) await runProcess(['systemctl', 'disable', `${service}.service`]);
  else if (existsSync('/usr/sbin/update-rc.d')) await runProcess(['update-rc.d', service, 'disable']);
}
