/** What undoes each change, on the operator's machine: one file each, written before anything is changed, so that `diagnose undo` works after any crash. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { EnvironmentError } from '../../core/errors.ts';

const changeSchema = z.strictObject({
  /** `namespace` is empty for an object without one. */
  ref: z.strictObject({ apiVersion: z.string(), kind: z.string(), name: z.string(), namespace: z.string() }),
  /** Of the object; null for one that is yet to be made. */
  uid: z.string().nullable(),
  /** Fingerprints of its spec; `before` is null for an object that is made. */
  before: z.string().nullable(),
  after: z.string(),
  /** Merge patch that takes the change back; null for an object that is made, which is deleted. */
  undo: z.record(z.string(), z.unknown()).nullable(),
  /** `meant`: what undoes it is stored, and it may have been made or not. */
  state: z.enum(['meant', 'made', 'undone']),
});

const recordSchema = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  fault: z.string(),
  /** What was done, as a sentence. */
  what: z.string(),
  /** Address of the API server. */
  cluster: z.string(),
  at: z.iso.datetime(),
  changes: z.array(changeSchema),
});
export type FixRecord = z.infer<typeof recordSchema>;

/** `${XDG_STATE_HOME:-~/.local/state}/fairlead/fixes/<uid of namespace kube-system>` (XDG Base Directory Specification: a relative value is ignored). */
export function fixesDir(clusterUid: string, env: Readonly<Record<string, string | undefined>>): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(clusterUid)) throw new Error(`${JSON.stringify(clusterUid)} is not the UID of a namespace`);
  const given = env['XDG_STATE_HOME'];
  const state = given !== undefined && isAbsolute(given) ? given : join(env['HOME'] ?? homedir(), '.local', 'state');
  return join(state, 'fairlead', 'fixes', clusterUid);
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Writes a record atomically and durably. */
export function writeFix(dir: string, record: FixRecord): void {
  const path = join(dir, `${record.id}.json`);
  writeFileSync(`${path}.new`, `${JSON.stringify(recordSchema.parse(record), null, 2)}\n`, { mode: 0o600 });
  sync(`${path}.new`);
  renameSync(`${path}.new`, path);
  sync(dir);
}

/** Takes the first free number for a fix and writes its record. Errors: EnvironmentError where the directory cannot be written. */
export function createFix(dir: string, fresh: Omit<FixRecord, 'id'>): FixRecord {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (let number = 1; ; number++) {
      const record = { ...fresh, id: `fix-${number}` };
      try {
        // Claims the name; who reads in between finds an empty file and takes it for no record.
        closeSync(openSync(join(dir, `${record.id}.json`), 'wx', 0o600));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
        throw error;
      }
      writeFix(dir, record);
      return record;
    }
  } catch (cause) {
    throw new EnvironmentError(`what would undo the change cannot be stored in ${dir}: ${cause instanceof Error ? cause.message : String(cause)}`, { hint: 'Nothing was changed. Another directory is chosen with $XDG_STATE_HOME.', cause });
  }
}

const numberOf = (id: string): number => Number(id.slice('fix-'.length));

/** All records of a cluster, oldest first. Errors: EnvironmentError for one that is unreadable. */
export function readFixes(dir: string): FixRecord[] {
  const names = existsSync(dir) ? readdirSync(dir).filter((name) => /^fix-\d+\.json$/.test(name)) : [];
  return names.flatMap((name) => {
    const text = readFileSync(join(dir, name), 'utf8');
    if (text === '') return [];
    try {
      return [recordSchema.parse(JSON.parse(text))];
    } catch (cause) {
      throw new EnvironmentError(`${join(dir, name)} is not readable as the record of a fix`, { hint: 'Move it away; what it would undo must then be undone by hand.', cause });
    }
  }).toSorted((a, b) => numberOf(a.id) - numberOf(b.id));
}

/** Whether something of it may still be in the cluster. */
export function stands({ changes }: FixRecord): boolean {
  return changes.some(({ state }) => state !== 'undone');
}
