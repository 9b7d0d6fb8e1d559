/** What a row of the sweep rests on: the code that a migration in a lab with that fault goes through, as one digest. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { packageRoot } from '../../src/core/package-root.ts';
import type { Incident } from './incidents.ts';

/** Verbs that a row calls; what they import, also dynamically, is what it exercises. */
const ENTRIES = ['src/cli/migrate.ts', 'src/cli/lab.ts', 'src/cli/leftovers.ts', 'src/probe/agent/main.ts', 'test/sweep/chain.ts'];
/** Programs of the lab that are built, and what of Calico is applied. */
const TREES = ['src/lab/components', 'src/cni/calico/manifests'];

/** Other ways to hosts than the lab's, which no row goes. */
const NOT_GONE = /^src\/(?:node\/(?:ssh|pod)\/|cli\/via-ssh\.ts$)/;
/** Holds all rows' definitions; a row rests on its own alone. */
const DEFINITIONS = 'test/sweep/incidents.ts';
const FAULT_FILES = /^src\/lab\/faults\//;

/** Files of this repository that the entries reach by imports, as paths from its root, without those for which `skip` holds. */
async function reached(skip: (path: string) => boolean): Promise<string[]> {
  const { metafile: { inputs } } = await build({ absWorkingDir: packageRoot(), entryPoints: ENTRIES, bundle: true, write: false, metafile: true, platform: 'node', format: 'esm', outdir: 'unused', packages: 'external', logLevel: 'error' });
  const found = new Set<string>();
  const visit = (path: string): void => {
    if (found.has(path) || skip(path)) return;
    found.add(path);
    for (const { path: next, external } of inputs[path]?.imports ?? []) if (external !== true) visit(next);
  };
  ENTRIES.forEach(visit);
  return [...found];
}

/** Whether a file defines faults, and not the one of this name. */
function onlyOtherFaults(path: string, fault: string): boolean {
  const names = FAULT_FILES.test(path) ? [...textOf(path).toString().matchAll(/^ {2}name: '([^']+)',$/gm)].map(([, name]) => name) : [];
  return names.length > 0 && !names.includes(fault);
}

const textOf = (path: string): Buffer => readFileSync(join(packageRoot(), path));

function below(tree: string): string[] {
  return readdirSync(join(packageRoot(), tree), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('_test.go'))
    .map((entry) => relative(packageRoot(), join(entry.parentPath, entry.name)));
}

/** Over names and contents of everything that a row with this fault exercises, but for the row's definition. */
async function codeOf(fault: string): Promise<string> {
  const files = await reached((path) => path === DEFINITIONS || NOT_GONE.test(path) || onlyOtherFaults(path, fault));
  const hash = createHash('sha256');
  for (const path of [...files, ...TREES.flatMap(below)].toSorted()) hash.update(`${path}\0`).update(textOf(path)).update('\0');
  return hash.digest('hex');
}

/** For each row, by its id: sha256, the first 12 hex digits, over its definition and the code that it exercises. */
export async function rowDigests(rows: readonly Incident[]): Promise<ReadonlyMap<string, string>> {
  const code = new Map(await Promise.all([...new Set(rows.map(({ fault }) => fault))].map(async (fault) => [fault, await codeOf(fault)] as const)));
  return new Map(rows.map((row) => [row.id, createHash('sha256').update(JSON.stringify(row)).update(code.get(row.fault) ?? '').digest('hex').slice(0, 12)]));
}
