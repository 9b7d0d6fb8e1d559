/**
 * Tries the policy engine against the naive evaluators on random small worlds of each dialect, shard by shard: every
 * finished shard is kept in bench/policy/worlds.json, so that the run can be stopped and taken up at any time. What was
 * tried counts as long as the code is the same. A failure is printed with its seed, shrunk, and ends the run with 1.
 * `node bench/policy/worlds.ts [--worlds N] [--seconds S] [--seed N] [--only REGEX] [--write]`
 */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import fc from 'fast-check';

import { packageRoot } from '../../src/core/package-root.ts';
import { PROPERTIES } from '../../src/policy/testing/properties.ts';

/** Worlds of one shard: a second of work on a machine that does nothing else. */
const SHARD = 100;

interface Tried {
  /** sha256 of what is tried, the first 12 hex digits. */
  code: string;
  /** The seed of shard i is `seed + i`. */
  seed: number;
  /** Shards that are done, and what failed in them. */
  dialects: Record<string, { shards: number; failures: { seed: number; path: string; what: string }[] }>;
}

const { values } = parseArgs({ options: { worlds: { type: 'string', default: '200000' }, seconds: { type: 'string', default: '1e9' }, seed: { type: 'string', default: '20261125' }, only: { type: 'string', default: '' }, write: { type: 'boolean', default: false } } });
const root = packageRoot();
const [store, table] = [join(root, 'bench/policy/worlds.json'), join(root, 'bench/policy/WORLDS.md')];

/** Everything that the engine's answers, the evaluators and the worlds are made of. */
function codeDigest(): string {
  const hash = createHash('sha256');
  for (const path of globSync(['src/policy/{compile,model,parse,world,input,enforcers,testing}/**/*.ts', 'src/policy/state.ts', 'src/net/**/*.ts', 'src/cluster/{fields,selector}.ts', 'src/cluster/manifests/*.ts'], { cwd: root }).toSorted()) {
    if (!path.endsWith('.test.ts')) hash.update(`${path}\0`).update(readFileSync(join(root, path))).update('\0');
  }
  return hash.digest('hex').slice(0, 12);
}

function load(): Tried {
  const fresh: Tried = { code: codeDigest(), seed: Number(values.seed), dialects: {} };
  if (!existsSync(store)) return fresh;
  const before = JSON.parse(readFileSync(store, 'utf8')) as Tried;
  return before.code === fresh.code && before.seed === fresh.seed ? before : fresh;
}

function save(tried: Tried): void {
  writeFileSync(`${store}.new`, `${JSON.stringify(tried, null, 2)}\n`);
  renameSync(`${store}.new`, store);
}

const worlds = (name: string, tried: Tried): number => (tried.dialects[name]?.shards ?? 0) * SHARD;
const row = (name: string, tried: Tried): string => `| ${name} | ${worlds(name, tried).toLocaleString('en')} | ${tried.dialects[name]?.failures.length ?? 0} | ${tried.seed} |`;
const rows = (tried: Tried): string => `| dialect | worlds | failures | first seed |\n|---|---|---|---|\n${Object.keys(PROPERTIES).map((name) => `${row(name, tried)}\n`).join('')}`;

const tried = load();
const deadline = performance.now() + Number(values.seconds) * 1000;
const chosen = Object.entries(PROPERTIES).filter(([name]) => new RegExp(values.only).test(name));
const left = (): [string, fc.IProperty<[unknown]>][] => chosen.filter(([name]) => worlds(name, tried) < Number(values.worlds)).toSorted(([a], [b]) => worlds(a, tried) - worlds(b, tried));
for (let next = left()[0]; next !== undefined && performance.now() < deadline; next = left()[0]) {
  const [name, property] = next;
  const dialect = (tried.dialects[name] ??= { shards: 0, failures: [] });
  const seed = tried.seed + dialect.shards;
  const ran = fc.check(property, { seed, numRuns: SHARD });
  if (ran.failed) {
    dialect.failures.push({ seed, path: ran.counterexamplePath ?? '', what: JSON.stringify(ran.counterexample) });
    process.stdout.write(`${name}, seed ${seed}, path ${ran.counterexamplePath ?? ''}: ${ran.errorInstance instanceof Error ? ran.errorInstance.message : ''}\n${JSON.stringify(ran.counterexample)}\n`);
  }
  dialect.shards += 1;
  save(tried);
}
process.stdout.write(rows(tried));
if (values.write) writeFileSync(table, `# Policy engine against the naive evaluators\n\nWritten by \`node bench/policy/worlds.ts --write\`. In each world, a random small cluster with random policies, the engine's answer for every pair of ends and every port that matters is compared with that of \`src/policy/testing/*-oracle.ts\`. Code ${tried.code}, shards of ${SHARD} worlds, Node ${process.versions.node}.\n\n${rows(tried)}`);
process.exitCode = Object.values(tried.dialects).some(({ failures }) => failures.length > 0) ? 1 : 0;
