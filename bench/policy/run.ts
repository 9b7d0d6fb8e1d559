/**
 * Measures the policy engine as a user meets it: whole process, bundled build, YAML in, all edges out. Prints a
 * table; `--write` puts it into bench/policy/RESULTS.md. `node bench/policy/run.ts [--write | REGEX]`
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';

import { packageRoot } from '../../src/core/package-root.ts';
import { clusterYaml, FAMILIES, type Family } from './inputs.ts';

/** The best of so many runs is taken: other work on the machine only ever adds. */
const RUNS = 5;

interface Case {
  name: string;
  argv: string[];
  /** What is to be reached: seconds, and megabytes where there is a limit. */
  goal: string;
}

interface Measured {
  seconds: number;
  cpu: number;
  megabytes: number;
}

const dir = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const cluster = (family: Family, workloads: number): string => file(`${family}-${workloads}.yaml`, clusterYaml(family, workloads));

function queries(count: number, workloads: number): string {
  const name = (index: number): string => `ns${Math.floor(index / 20)}/app${index}`;
  return Array.from({ length: count }, (_, id) => {
    const [from, to] = [id % workloads, (id * 7 + Math.floor(id / workloads)) % workloads];
    return `${JSON.stringify({ id, from: name(from), to: name(to), protocol: 'TCP', port: 8000 + (to % 10) })}\n`;
  }).join('');
}

const GOALS: Readonly<Record<Family, string>> = { tiers: '0.6 s, 350 MB', classes: '0.5 s, 350 MB', nopol: '1.8 s, 350 MB' };

/** Ten megabytes of a cluster, a document in the middle of which has a bracket that is not closed. */
function oneBad(): string {
  const documents = clusterYaml('tiers', 11_400).split('---\n');
  const middle = documents.length >>> 1;
  return documents.map((text, index) => (index === middle ? text.replace('spec:', 'spec: [') : text)).join('---\n');
}

function cases(): Case[] {
  const tiers400 = clusterYaml('tiers', 400);
  return [
    ...FAMILIES.map((family): Case => ({ name: `list, ${family}, 1,600 workloads`, argv: ['list', '--enforcer', 'calico', cluster(family, 1_600)], goal: GOALS[family] })),
    { name: 'list --level class, tiers, 10,000 workloads, 11,000 policies', argv: ['list', '--enforcer', 'calico', '--level', 'class', cluster('tiers', 10_000)], goal: '5 s, 500 MB' },
    { name: 'list, classes, 10,000 workloads, pods expanded', argv: ['list', '--enforcer', 'calico', '--level', 'pod', cluster('classes', 10_000)], goal: '3 million edges a second' },
    { name: 'diff, tiers, 400 workloads, one port changed', argv: ['diff', '--enforcer-a', 'calico', '--enforcer-b', 'calico', file('a.yaml', tiers400), file('b.yaml', tiers400.replace('port: 8003', 'port: 8123'))], goal: '0.3 s' },
    { name: 'explain of all pairs, tiers, 100 workloads', argv: ['explain', '--enforcer', 'calico', cluster('tiers', 100)], goal: '0.3 s' },
    { name: 'check, 100,000 questions, tiers, 400 workloads', argv: ['check', '--enforcer', 'calico', '--queries', file('q.ndjson', queries(100_000, 400)), cluster('tiers', 400)], goal: '1 s' },
    { name: 'lint, tiers, 10 MB, 12,540 policies, one bad document', argv: ['lint', '--enforcer', 'calico', file('bad.yaml', oneBad())], goal: '15 s of CPU' },
    { name: 'list, tiers, 5 workloads', argv: ['list', '--enforcer', 'calico', cluster('tiers', 5)], goal: '0.15 s' },
  ];
}

/** The program, telling at its end what it took of the machine. */
const WRAPPER = 'process.on("exit",()=>{const u=process.resourceUsage();require("node:fs").writeSync(2,"\\nUSAGE "+JSON.stringify(u)+"\\n")});import(process.env.FAIRLEAD_BUNDLE).then(m=>m.runProcess())';

/** Read in pieces: a child's peak of memory counts what its parent held when it was started. */
function linesOf(path: string): number {
  const [source, piece] = [openSync(path, 'r'), Buffer.alloc(1 << 16)];
  let lines = 0;
  for (let read = readSync(source, piece); read > 0; read = readSync(source, piece)) for (let at = piece.indexOf(10); at >= 0 && at < read; at = piece.indexOf(10, at + 1)) lines += 1;
  closeSync(source);
  return lines;
}

function once({ argv }: Case): Measured & { lines: number } {
  const out = join(dir, 'out');
  const target = openSync(out, 'w');
  const start = performance.now();
  const ran = spawnSync(process.execPath, ['-e', WRAPPER, 'fairlead', 'policy', ...argv], { stdio: ['ignore', target, 'pipe'], env: { ...process.env, FAIRLEAD_BUNDLE: join(packageRoot(), 'dist/main.js') }, encoding: 'utf8' });
  const seconds = (performance.now() - start) / 1000;
  closeSync(target);
  const usage = JSON.parse(/USAGE (.*)/.exec(ran.stderr)?.[1] ?? '{}') as { userCPUTime?: number; systemCPUTime?: number; maxRSS?: number };
  if (ran.status !== 0 && ran.status !== 1) throw new Error(`${argv.join(' ')} ended with ${ran.status}: ${ran.stderr}`);
  return { seconds, lines: linesOf(out), cpu: ((usage.userCPUTime ?? 0) + (usage.systemCPUTime ?? 0)) / 1e6, megabytes: (usage.maxRSS ?? 0) / 1024 };
}

const words = process.argv.slice(2);
const chosen = words.find((word) => !word.startsWith('--'));
if (chosen !== undefined && words.includes('--write')) throw new Error('--write is for all rows: a table of some would take the place of the whole one');
const only = new RegExp(chosen ?? '');
execFileSync(process.execPath, [join(packageRoot(), 'scripts/build.ts')], { stdio: 'inherit' });
const load = loadavg()[0]!;
const rows: string[] = [];
try {
  for (const one of cases().filter(({ name }) => only.test(name))) {
    const runs = Array.from({ length: RUNS }, () => once(one));
    const best = runs.reduce((a, b) => (b.seconds < a.seconds ? b : a));
    rows.push(`| ${one.name} | ${best.lines.toLocaleString('en')} | ${best.seconds.toFixed(2)} | ${best.cpu.toFixed(2)} | ${best.megabytes.toFixed(0)} | ${one.goal} |`);
    process.stdout.write(`${rows.at(-1)}\n`);
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
if (words.includes('--write')) {
  const head = `# Policy engine: measured figures\n\nWritten by \`node bench/policy/run.ts --write\`: whole process, bundled build, Node ${process.versions.node}, ${cpus().length} CPUs; the best of ${RUNS} runs. The inputs are those of \`bench/policy/inputs.ts\`. The load average of the machine, from other work, was ${load.toFixed(1)} at the beginning; the times would be shorter on a machine that does nothing else.\n\n| what | lines | seconds | seconds of CPU | MB | goal |\n|---|---|---|---|---|---|\n`;
  writeFileSync(join(packageRoot(), 'bench/policy/RESULTS.md'), `${head}${rows.join('\n')}\n`);
}
