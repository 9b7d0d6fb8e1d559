/** Image archives by way of a cache: an archive is written once per state of its inputs. */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeArchive } from './archive.ts';
import type { ArchiveDigests } from './archive.ts';
import { markUsed, pruneUnused } from './cache-prune.ts';
import { orderedEntries } from './definition.ts';
import type { ImageDefinition } from './definition.ts';

export interface BuiltImage {
  reference: string;
  /** Archive on this machine, an absolute path when `cacheDir` is one. */
  archive: string;
  /** Hex digest of the inputs; two machines may differ in it and still have the same image. */
  inputs: string;
  digests: ArchiveDigests;
}

/** Version of the archives' format: part of the cache key, so that a change of this code makes new archives. */
const FORMAT = 1;

/**
 * Archives for all definitions, at `<cacheDir>/images/<digest of inputs>.tar`. An input file counts as unchanged
 * while its path, size and modification time are. Safe beside other processes: an archive appears whole, by rename.
 */
export async function buildImages(definitions: readonly ImageDefinition[], cacheDir: string): Promise<BuiltImage[]> {
  const directory = join(cacheDir, 'images');
  await mkdir(directory, { recursive: true });
  const built: BuiltImage[] = [];
  for (const definition of definitions) built.push(await buildImage(definition, directory));
  await pruneUnused(directory);
  return built;
}

async function buildImage(definition: ImageDefinition, directory: string): Promise<BuiltImage> {
  const inputs = await inputsDigest(definition);
  const archive = join(directory, `${inputs}.tar`);
  const side = join(directory, `${inputs}.json`);
  const cached = await readDigests(side, archive);
  if (cached !== undefined) {
    await Promise.all([markUsed(archive), markUsed(side)]);
    return { reference: definition.reference, archive, inputs, digests: cached };
  }
  const partial = join(directory, `.${inputs}.${process.pid}.partial`);
  try {
    const digests = await writeArchive(definition, partial);
    await flush(partial);
    await rename(partial, archive);
    // Written last: the archive counts only when this file is there.
    await writeFile(`${side}.${process.pid}`, JSON.stringify(digests));
    await rename(`${side}.${process.pid}`, side);
    return { reference: definition.reference, archive, inputs, digests };
  } finally {
    await rm(partial, { force: true });
  }
}

/** Hex sha256 over the definition and the path, size and modification time (ns) of every file in it. Errors: those of `stat` for a missing file. */
async function inputsDigest(definition: ImageDefinition): Promise<string> {
  const hash = createHash('sha256');
  const { reference, process: start } = definition;
  hash.update(JSON.stringify({ format: FORMAT, arch: process.arch, reference, start }));
  for (const entry of orderedEntries(definition.entries)) {
    hash.update(`\n${JSON.stringify(entry)}`);
    if (entry.kind !== 'file') continue;
    const { size, mtimeNs } = await stat(entry.source, { bigint: true });
    hash.update(` ${size} ${mtimeNs}`);
  }
  return hash.digest('hex');
}

async function readDigests(side: string, archive: string): Promise<ArchiveDigests | undefined> {
  try {
    await stat(archive);
    return JSON.parse(await readFile(side, 'utf8')) as ArchiveDigests;
  } catch {
    return undefined;
  }
}

/** To the disk before the rename, so that a power cut cannot leave a whole name with half a file. */
async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
