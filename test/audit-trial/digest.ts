/** What a row of the trial rests on: the code that collects and judges, and the fault's own definition. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { packageRoot } from '../../src/core/package-root.ts';
import type { TrialFault } from './fault.ts';

/** Of what `fairlead audit` imports, what decides what is found. */
const DECIDES = /^src\/(audit|cni|cluster\/snapshot|distro|net|node\/facts|policy)\//;

/** sha256, the first 12 hex digits, for each fault. */
export async function codeDigests(faults: readonly TrialFault[]): Promise<ReadonlyMap<string, string>> {
  const { metafile: { inputs } } = await build({ absWorkingDir: packageRoot(), entryPoints: ['src/cli/audit.ts'], bundle: true, write: false, metafile: true, platform: 'node', format: 'esm', outdir: 'unused', packages: 'external', logLevel: 'error' });
  const hash = createHash('sha256');
  for (const path of Object.keys(inputs).filter((one) => DECIDES.test(one)).toSorted()) hash.update(`${path}\0`).update(readFileSync(join(packageRoot(), path))).update('\0');
  const code = hash.digest('hex');
  return new Map(faults.map((fault) => [fault.id, createHash('sha256').update(code).update(JSON.stringify(fault)).digest('hex').slice(0, 12)]));
}
