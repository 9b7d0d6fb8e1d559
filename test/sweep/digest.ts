/** What a row of the sweep rests on: the code that a migration in a lab goes through, as one digest. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { packageRoot } from '../../src/core/package-root.ts';

/** Verbs that a row calls; what they import, also dynamically, is what it exercises. */
const ENTRIES = ['src/cli/migrate.ts', 'src/cli/lab.ts', 'src/cli/leftovers.ts', 'src/probe/agent/main.ts', 'test/sweep/chain.ts'];
/** Programs of the lab that are built, and what of Calico is applied. */
const TREES = ['src/lab/components', 'src/cni/calico/manifests'];

/** Files of this repository that the entries reach by imports, as paths from its root. */
async function reached(): Promise<string[]> {
  const root = packageRoot();
  const { metafile } = await build({ absWorkingDir: root, entryPoints: ENTRIES, bundle: true, write: false, metafile: true, platform: 'node', format: 'esm', outdir: 'unused', packages: 'external', logLevel: 'error' });
  return Object.keys(metafile.inputs);
}

function below(tree: string): string[] {
  return readdirSync(join(packageRoot(), tree), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('_test.go'))
    .map((entry) => relative(packageRoot(), join(entry.parentPath, entry.name)));
}

/** sha256, the first 12 hex digits, over names and contents of everything that a row exercises. */
export async function codeDigest(): Promise<string> {
  const hash = createHash('sha256');
  for (const path of [...(await reached()), ...TREES.flatMap(below)].toSorted()) hash.update(`${path}\0`).update(readFileSync(join(packageRoot(), path))).update('\0');
  return hash.digest('hex').slice(0, 12);
}
