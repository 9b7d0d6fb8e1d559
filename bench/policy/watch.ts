/**
 * Measures what `--watch` takes after one policy has changed, in the bundled program as a user runs it, beside a run over
 * everything. Prints a table; `--write` puts it into bench/policy/WATCH.md. `node bench/policy/watch.ts [--write | REGEX]`
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';

import { packageRoot } from '../../src/core/package-root.ts';
import { clusterYaml, FAMILIES, type Family } from './inputs.ts';

const WORKLOADS = 1_600;
/** Each edit is made and taken back so often; the median is written, and the best, because other work on the machine only ever adds. */
const ROUNDS = 15;
const FULL_RUNS = 3;

const dir = mkdtempSync(join(tmpdir(), 'fairlead-watch-'));

interface Layout {
  name: string;
  /** Writes the cluster, and returns its files by path. */
  write(family: Family): Map<string, string>;
}

const LAYOUTS: readonly Layout[] = [
  { name: 'one file', write: (family) => new Map([[join(dir, family, 'one', 'all.yaml'), clusterYaml(family, WORKLOADS)]]) },
  {
    name: 'a file for each namespace',
    write: (family) => {
      const byNamespace = Map.groupBy(clusterYaml(family, WORKLOADS).split('---\n'), (text) => /^ {2}namespace: (\S+)$/m.exec(text)?.[1] ?? /^ {2}name: (\S+)$/m.exec(text)![1]!);
      return new Map([...byNamespace].map(([name, documents]) => [join(dir, family, 'many', `${name}.yaml`), documents.join('---\n')]));
    },
  },
];

const NEW_POLICY = `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: added
  namespace: ns1
spec:
  podSelector:
    matchLabels:
      app: app70
  policyTypes: [Ingress]
  ingress:
    - from:
        - ipBlock: {cidr: 192.0.2.0/24}
        - namespaceSelector: {}
          podSelector: {matchLabels: {app: app999}}
      ports:
        - port: 12345
`;

/** Edits of the text of the file that holds namespace ns1. */
const EDITS: Readonly<Record<Family, readonly { name: string; edit(text: string): string }[]>> = {
  tiers: [
    { name: 'a port that no rule had', edit: (text) => text.replace('port: 8001', 'port: 4711') },
    { name: 'the selector of a peer', edit: (text) => text.replace(/app: app21\n(\s+ports)/, 'app: app39\n$1') },
    { name: 'a policy more, with an address block', edit: (text) => `${text}${NEW_POLICY}` },
  ],
  classes: [
    { name: 'a port that no rule had', edit: (text) => text.replace('port: 5432', 'port: 5433') },
    { name: 'a policy more, with an address block', edit: (text) => `${text}${NEW_POLICY}` },
  ],
  nopol: [{ name: 'a policy more, with an address block', edit: (text) => `${text}${NEW_POLICY}` }],
};

const bundle = join(packageRoot(), 'dist/main.js');
const RUN = 'import(process.env.FAIRLEAD_BUNDLE).then(m=>m.runProcess())';
const environment = { ...process.env, FAIRLEAD_BUNDLE: bundle };

/** Resolves with what the program says of a change: milliseconds by its own clock, and what changed. */
async function told(child: ChildProcess): Promise<{ ms: number; what: string }> {
  return await new Promise((resolve, reject) => {
    let text = '';
    const ended = (): void => reject(new Error(`it ended: ${text}`));
    const take = (piece: Buffer): void => {
      text += piece.toString();
      const found = /changed \((?:(\d+) ms|([\d.]+) s)\): (.*)\n/.exec(text);
      if (found === null && !text.includes('Ctrl-C ends it')) return;
      child.stderr?.off('data', take);
      child.off('exit', ended);
      resolve({ ms: found?.[1] === undefined ? Number(found?.[2] ?? 0) * 1000 : Number(found[1]), what: found?.[3] ?? '' });
    };
    child.stderr?.on('data', take);
    child.once('exit', ended);
  });
}

/**
 * Milliseconds of processor time that all threads of a process have had, by the kernel's own account: other work on the
 * machine adds little to it. Undefined where the system keeps no such account (it is one of Linux).
 */
function processorTime({ pid }: ChildProcess): number | undefined {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(`${tasks}/${pid}/schedstat`)) return undefined;
  return readdirSync(tasks).reduce((sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6, 0);
}

function put(path: string, text: string): void {
  writeFileSync(join(dir, 'aside'), text);
  renameSync(join(dir, 'aside'), path);
}

const sorted = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);
const median = (numbers: readonly number[]): number => sorted(numbers)[Math.floor(numbers.length / 2)]!;

const rows: string[] = [];

async function measure(family: Family, layout: Layout): Promise<void> {
  const files = layout.write(family);
  const root = join([...files.keys()][0]!, '..');
  mkdirSync(root, { recursive: true });
  for (const [path, text] of files) writeFileSync(path, text);
  const target = [...files.keys()].find((path) => path.endsWith('ns1.yaml')) ?? [...files.keys()][0]!;
  const argv = ['-e', RUN, 'fairlead', 'policy', 'list', '--enforcer', 'calico', root];
  const full = Math.min(...Array.from({ length: FULL_RUNS }, () => {
    const start = performance.now();
    spawnSync(process.execPath, argv, { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
    return performance.now() - start;
  }));
  const child = spawn(process.execPath, [...argv, '--watch'], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  await told(child);
  const original = readFileSync(target, 'utf8');
  for (const { name, edit } of EDITS[family]) {
    const changed = edit(original);
    if (changed === original) throw new Error(`${family}: ${name} changes nothing`);
    const [own, whole, processor] = [[] as number[], [] as number[], [] as number[]];
    let what = '';
    for (let round = 0; round < ROUNDS; round += 1) {
      const [written, before] = [performance.now(), processorTime(child)];
      put(target, changed);
      const news = await told(child);
      whole.push(performance.now() - written);
      if (before !== undefined) processor.push(processorTime(child)! - before);
      own.push(news.ms);
      ({ what } = news);
      put(target, original);
      await told(child);
    }
    rows.push(`| ${family}, ${layout.name} | ${name} | ${what} | ${median(own).toFixed(0)} | ${Math.min(...own).toFixed(0)} | ${processor.length === 0 ? '' : median(processor).toFixed(0)} | ${processor.length === 0 ? '' : Math.min(...processor).toFixed(0)} | ${median(whole).toFixed(0)} | ${full.toFixed(0)} | ${(full / Math.min(...own)).toFixed(0)} |`);
    process.stdout.write(`${rows.at(-1)}\n`);
  }
  child.removeAllListeners('exit');
  child.kill('SIGINT');
}

const words = process.argv.slice(2);
const chosen = words.find((word) => !word.startsWith('--'));
if (chosen !== undefined && words.includes('--write')) throw new Error('--write is for all rows: a table of some would take the place of the whole one');
const only = new RegExp(chosen ?? '');
execFileSync(process.execPath, [join(packageRoot(), 'scripts/build.ts')], { stdio: 'inherit' });
const load = loadavg()[0]!;
try {
  for (const family of FAMILIES) for (const layout of LAYOUTS) if (only.test(`${family}, ${layout.name}`)) await measure(family, layout);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
if (words.includes('--write')) {
  const head = `# \`--watch\`: what one changed policy takes

Written by \`node bench/policy/watch.ts --write\`: bundled build, \`policy list --watch\` over ${WORKLOADS.toLocaleString('en')} workloads of \`bench/policy/inputs.ts\`, Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? ''}; ${ROUNDS} times each edit. The load average of the machine, from other work, was ${load.toFixed(1)} at the beginning; the times would be shorter on a machine that does nothing else.

Milliseconds. *Recheck*: reading what changed, compiling, comparing and writing, by the program's own clock; the goal is 50. *Processor time*: what all threads of the program had of the processors from the write to the answer (looks at the files, the compiler and the collector of the runtime among them), which other work on the machine hardly changes. *From the write*: until the answer is there, with the two looks 20 ms apart that must see the same. *Full run*: the whole program over the same files, the best of ${FULL_RUNS}.

| input | edit | what it changes | recheck, median | best | processor time, median | best | from the write | full run | full run ÷ best recheck |
|---|---|---|---|---|---|---|---|---|---|
`;
  writeFileSync(join(packageRoot(), 'bench/policy/WATCH.md'), `${head}${rows.join('\n')}\n`);
}
