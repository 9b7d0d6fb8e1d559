/** What a row of the blind trial rests on: the code that looks and judges, what clients are asked, and the case's own definition. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { packageRoot } from '../../src/core/package-root.ts';
import type { Case } from './case.ts';
import { clientScript, TONGUES } from './client.ts';
import { Draw, SAMPLE } from './draw.ts';
import { fixtures } from './parts.ts';

/** Of what `fairlead diagnose` imports, what decides what is said. */
const DECIDES = /^src\/(audit|cni|cluster\/snapshot|diagnose|distro|net|node\/facts|packets\/report|policy)\//;

/** sha256, the first 12 hex digits, for each case. */
export async function codeDigests(cases: readonly Case[]): Promise<ReadonlyMap<string, string>> {
  const { metafile: { inputs } } = await build({ absWorkingDir: packageRoot(), entryPoints: ['src/cli/diagnose.ts'], bundle: true, write: false, metafile: true, platform: 'node', format: 'esm', outdir: 'unused', packages: 'external', logLevel: 'error' });
  const hash = createHash('sha256').update(JSON.stringify([fixtures('s', 'n'), TONGUES.map((tongue) => clientScript(tongue, 'mark', 'http://name/'))]));
  for (const path of Object.keys(inputs).filter((one) => DECIDES.test(one)).toSorted()) hash.update(`${path}\0`).update(readFileSync(join(packageRoot(), path))).update('\0');
  const code = hash.digest('hex');
  // Of what a case draws, one example stands for all.
  return new Map(cases.map((one) => [one.id, createHash('sha256').update(code).update(JSON.stringify([one, one.make(new Draw(SAMPLE, 1, one))])).digest('hex').slice(0, 12)]));
}
