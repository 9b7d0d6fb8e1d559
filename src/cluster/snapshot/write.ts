/** Writes a snapshot into a directory or a gzipped tar: whole or not at all. */
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { packTar } from 'modern-tar/fs';
import { UsageError } from '../../core/errors.ts';
import { FORMAT_VERSION, HOSTS, MANIFEST, objectFile, type Manifest } from './format.ts';
import type { Snapshot } from './model.ts';

/** The files of a snapshot, the manifest first. The same snapshot gives the same bytes. */
export function snapshotFiles(snapshot: Snapshot): Map<string, string> {
  const lines = new Map<string, string[]>();
  for (const entry of snapshot.entries) {
    const file = objectFile(entry.object.apiVersion, entry.object.kind);
    const known = lines.get(file);
    if (known === undefined) lines.set(file, [JSON.stringify(entry)]);
    else known.push(JSON.stringify(entry));
  }
  if (snapshot.hosts.length > 0) lines.set(HOSTS, snapshot.hosts.map((host) => JSON.stringify(host)));
  const { tool, collectedAt, source, from, unlisted, unknown } = snapshot;
  const manifest: Manifest = {
    format: 'fairlead-snapshot', version: FORMAT_VERSION, tool, collectedAt, source, from,
    files: Object.fromEntries([...lines].map(([name, all]) => [name, all.length])),
    unlisted, unknown,
  };
  return new Map([[MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`], ...[...lines].map(([name, all]) => [name, `${all.join('\n')}\n`] as const)]);
}

/** Writes to `target`: a gzipped tar when it ends in .tgz or .tar.gz, else a directory, which must be empty or not be there. Errors: UsageError when it is in use. */
export async function writeSnapshot(snapshot: Snapshot, target: string): Promise<void> {
  const files = snapshotFiles(snapshot);
  const staging = `${target}.partial-${process.pid}`;
  await mkdir(dirname(target), { recursive: true });
  try {
    if (isArchiveName(target)) await pack(files, staging, new Date(snapshot.collectedAt));
    else await unpacked(files, staging, target);
    await rename(staging, target);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST')) throw inUse(target);
    throw error;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Whether a name is that of an archive. */
export function isArchiveName(name: string): boolean {
  return /\.(tgz|tar\.gz)$/.test(name);
}

async function pack(files: ReadonlyMap<string, string>, target: string, mtime: Date): Promise<void> {
  const archive = packTar([...files].map(([name, content]) => ({ type: 'content', content, target: name, mode: 0o600, mtime }) as const));
  await pipeline(archive, createGzip({ level: 6 }), createWriteStream(target, { mode: 0o600 }));
}

async function unpacked(files: ReadonlyMap<string, string>, staging: string, target: string): Promise<void> {
  const found = await stat(target).catch(() => undefined);
  if (found !== undefined && !found.isDirectory()) throw inUse(target);
  for (const [name, text] of files) {
    await mkdir(dirname(join(staging, name)), { recursive: true, mode: 0o700 });
    await writeFile(join(staging, name), text, { mode: 0o600 });
  }
}

function inUse(target: string): UsageError {
  return new UsageError(`${target} is there already and is not empty`, { hint: 'Name another directory, or a file that ends in .tgz.' });
}
