/** The probe agent as one file: shipped with the package, bundled on the spot in a checkout. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDir } from './paths.ts';

/** Path of the agent's bundle (`.mjs`). In a checkout it is made anew each time, so that it is never older than its sources. */
export async function agentBundle(): Promise<string> {
  const shipped = fileURLToPath(new URL('./agent.mjs', import.meta.url));
  if (existsSync(shipped)) return shipped;
  const { build } = await import('esbuild');
  const outfile = join(cacheDir(), 'agent', 'agent.mjs');
  mkdirSync(join(cacheDir(), 'agent'), { recursive: true });
  await build({
    entryPoints: [fileURLToPath(new URL('../probe/agent/main.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    minify: true,
    legalComments: 'none',
    outfile,
    logLevel: 'silent',
  });
  return outfile;
}
