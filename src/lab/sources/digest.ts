/** The key of a built family in the cache: it changes with anything that changes the binaries. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Family } from './families.ts';

/** What besides the module's own files decides what comes out of a build. */
export interface Toolchain {
  /** As `go env GOVERSION` prints it, for instance `go1.26.8`. */
  goVersion: string;
  goos: string;
  goarch: string;
}

/** Sixteen hex digits over every file of the module (tests excepted), the recipe and the toolchain. */
export async function familyDigest(family: Family, flags: readonly string[], toolchain: Toolchain): Promise<string> {
  const hash = createHash('sha256');
  const add = (label: string, bytes: Buffer | string) => {
    hash.update(`${label}\0${Buffer.byteLength(bytes)}\0`);
    hash.update(bytes);
  };
  add('toolchain', JSON.stringify([toolchain.goVersion, toolchain.goos, toolchain.goarch]));
  add('flags', JSON.stringify(flags));
  add('units', JSON.stringify(family.units));
  for (const path of await moduleFiles(family.moduleDirectory)) {
    add(relative(family.moduleDirectory, path), await readFile(path));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Every file below a module's folder that can end up in a binary, sorted. */
async function moduleFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('_test.go') && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('/testdata/'))
    .toSorted();
}
