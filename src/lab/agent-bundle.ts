/** The probe agent as one file: shipped with the package, bundled on the spot in a checkout. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pruneUnused } from './images/cache-prune.ts';
import { cacheDir } from './paths.ts';

/**
 * Path of the agent's bundle (`.mjs`). In a checkout it is made anew each time, so that it is never older than its
 * sources, and kept under the digest of its content: the same agent is the same file, and its image is not made again.
 */
export async function agentBundle(): Promise<string> {
  const shipped = fileURLToPath(new URL('./agent.mjs', import.meta.url));
  if (existsSync(shipped)) return shipped;
  const { build } = await import('esbuild');
  const { outputFiles: [bundle] } = await build({
    entryPoints: [fileURLToPath(new URL('../probe/agent/main.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    minify: true,
    legalComments: 'none',
    write: false,
    logLevel: 'silent',
  });
  if (bundle === undefined) throw new TypeError('esbuild made no file of one entry point');
  const directory = join(cacheDir(), 'agent');
  const path = join(directory, `${createHash('sha256').update(bundle.contents).digest('hex')}.mjs`);
  if (existsSync(path)) return path;
  mkdirSync(directory, { recursive: true });
  await pruneUnused(directory);
  // Whole or not at all: another `lab up` may be about to read it.
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, bundle.contents);
  renameSync(partial, path);
  return path;
}
