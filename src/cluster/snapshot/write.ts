/** Writes a snapshot into a directory or a gzipped tar: whole or not at all. */
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { packTar } from 'modern-tar/fs';
import { UsageError } from '../../core/errors.ts';
import { FORMAT_VERSION, HOSTS, objectFile, type Manifest } from './format.ts';
import type { Snapshot } from './model.ts';
import { isArchiveName, MANIFEST } from './names.ts';

/** A file of a snapshot: its lines are made when they are asked for, so that a large snapshot is never in memory as text. */
interface SnapshotFile { name: string; lines: readonly unknown[]; indent?: number }

/** The files of a snapshot, the manifest first. The same snapshot gives the same bytes. */
function filesOf(snapshot: Snapshot): SnapshotFile[] {
  const byFile = Map.groupBy(snapshot.entries, ({ object }) => objectFile(object.apiVersion, object.kind));
  const files: SnapshotFile[] = [...byFile].map(([name, lines]) => ({ name, lines }));
  if (snapshot.hosts.length > 0) files.push({ name: HOSTS, lines: snapshot.hosts });
  const { tool, collectedAt, source, from, unlisted, unknown } = snapshot;
  const manifest: Manifest = { format: 'fairlead-snapshot', version: FORMAT_VERSION, tool, collectedAt, source, from, files: Object.fromEntries(files.map(({ name, lines }) => [name, lines.length])), unlisted, unknown };
  return [{ name: MANIFEST, lines: [manifest], indent: 2 }, ...files];
}

function* textOf({ lines, indent }: SnapshotFile): Generator<string> {
  for (const line of lines) yield `${JSON.stringify(line, null, indent)}\n`;
}

/** Writes to `target`: a gzipped tar when it ends in .tgz or .tar.gz, else a directory, which must be empty or not be there. Errors: UsageError when it is in use. */
export async function writeSnapshot(snapshot: Snapshot, target: string): Promise<void> {
  const files = filesOf(snapshot);
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

async function pack(files: readonly SnapshotFile[], target: string, mtime: Date): Promise<void> {
  const archive = packTar(files.map((file) => {
    let size = 0;
    for (const line of textOf(file)) size += Buffer.byteLength(line);
    return { type: 'stream', content: Readable.from(textOf(file), { objectMode: false }), size, target: file.name, mode: 0o600, mtime } as const;
  }));
  await pipeline(archive, createGzip({ level: 6 }), createWriteStream(target, { mode: 0o600 }));
}

async function unpacked(files: readonly SnapshotFile[], staging: string, target: string): Promise<void> {
  const found = await stat(target).catch(() => undefined);
  if (found !== undefined && !found.isDirectory()) throw inUse(target);
  for (const file of files) {
    await mkdir(dirname(join(staging, file.name)), { recursive: true, mode: 0o700 });
    await pipeline(Readable.from(textOf(file)), createWriteStream(join(staging, file.name), { mode: 0o600 }));
  }
}

function inUse(target: string): UsageError {
  return new UsageError(`${target} is there already and is not empty`, { hint: 'Name another directory, or a file that ends in .tgz.' });
}
