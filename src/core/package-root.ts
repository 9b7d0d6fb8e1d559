/** Where fairlead itself is installed: the folder of its package.json, from sources and from the bundle alike. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the package's root folder. Errors: Error when no package.json named `fairlead` is above this file (a broken installation). */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && readManifest(manifest).name === 'fairlead') return folder;
    const parent = dirname(folder);
    if (parent === folder) throw new Error('no package.json of fairlead above its own code');
    folder = parent;
  }
}

/** The package's version, as in package.json. */
export function packageVersion(): string {
  return readManifest(join(packageRoot(), 'package.json')).version ?? '0.0.0';
}

function readManifest(path: string): { name?: string; version?: string } {
  return JSON.parse(readFileSync(path, 'utf8')) as { name?: string; version?: string };
}
