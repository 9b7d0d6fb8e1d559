/** Reads a snapshot back, from a directory or an archive; what it holds goes through the allow-lists again, since anybody may have written it. */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { hostFactsSchema, type HostFacts } from './host-facts.ts';
import { entrySchema, HOSTS, isOwnFile, manifestSchema, type Manifest } from './format.ts';
import { MANIFEST } from './names.ts';
import { readArchive } from './archive.ts';
import type { Chunk } from '../manifests/chunk.ts';
import { InputError } from '../manifests/input-error.ts';
import { assemble, type Entry, type Snapshot } from './model.ts';
import { readChunks } from '../manifests/read-text.ts';
import type { Redactor } from './redact.ts';

interface Reading {
  manifest?: Manifest;
  entries: Entry[];
  hosts: HostFacts[];
  lines: Map<string, number>;
}

/** A snapshot from its archive. Errors: InputError. */
export async function readSnapshotArchive(file: string, redactor: Redactor): Promise<Snapshot> {
  const reading: Reading = { entries: [], hosts: [], lines: new Map() };
  await readArchive(file, isOwnFile, async (name, bytes) => await takeFile(`${file}!${name}`, name, bytes, reading, redactor));
  return finish(file, reading);
}

/** A snapshot from its directory. Errors: InputError. */
export async function readSnapshotDirectory(dir: string, redactor: Redactor): Promise<Snapshot> {
  const reading: Reading = { entries: [], hosts: [], lines: new Map() };
  const names = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
  for (const one of names) {
    const name = join(one.parentPath, one.name).slice(dir.length).replace(/^\/+/, '');
    if (isOwnFile(name)) await takeFile(join(dir, name), name, createReadStream(join(dir, name)), reading, redactor);
  }
  return finish(dir, reading);
}

async function takeFile(shown: string, name: string, bytes: AsyncIterable<Uint8Array>, reading: Reading, redactor: Redactor): Promise<void> {
  let count = 0;
  for await (const chunks of readChunks(shown, bytes)) {
    count += chunks.length;
    for (const chunk of chunks) takeLine(shown, name, chunk, reading, redactor);
  }
  reading.lines.set(name, count);
}

function takeLine(shown: string, name: string, chunk: Chunk, reading: Reading, redactor: Redactor): void {
  const value = parseLine(shown, chunk);
  if (name === MANIFEST) reading.manifest = check(manifestSchema, value, shown, chunk.line);
  else if (name === HOSTS) reading.hosts.push(check(hostFactsSchema, value, shown, chunk.line));
  else {
    const { object, place, ignores } = check(entrySchema, value, shown, chunk.line);
    const kept = redactor.redact(object);
    if (!('object' in kept)) throw new InputError(shown, chunk.line, kept.why);
    reading.entries.push({ object: kept.object, ...(place === undefined ? {} : { place }), ...(ignores === undefined ? {} : { ignores }) });
  }
}

function parseLine(shown: string, { text, line }: { text: string; line: number }): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError(shown, line, `not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function check<S extends z.ZodType>(schema: S, value: unknown, shown: string, line: number): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const versionMismatch = typeof value === 'object' && value !== null && 'version' in value && issue?.path[0] === 'version';
  if (versionMismatch) throw new InputError(shown, line, `this is a snapshot of format version ${String(value.version)}; this Fairlead reads version 1`, { hint: 'Read it with the Fairlead that made it, or a newer one.' });
  throw new InputError(shown, line, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as expected'}`);
}

function finish(file: string, { manifest, entries, hosts, lines }: Reading): Snapshot {
  if (manifest === undefined) throw new InputError(file, 1, `this is no snapshot: it has no ${MANIFEST}`);
  for (const [name, expected] of Object.entries(manifest.files)) {
    const seen = lines.get(name) ?? 0;
    if (seen !== expected) throw new InputError(file, 1, `the snapshot is not whole: ${name} should have ${expected} lines and has ${seen}`);
  }
  const { tool, collectedAt, source, from, unlisted, unknown } = manifest;
  return assemble({ tool, collectedAt, source, from, unlisted, unknown, entries, hosts });
}
