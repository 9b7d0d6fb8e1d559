/** What is recorded of each fault of a lab: one file each, written before anything acts, so that `clear` works after any crash. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { EnvironmentError } from '../../core/errors.ts';
import { labPaths } from '../paths.ts';

const processId = z.strictObject({ pid: z.int(), startTime: z.number() });

const schema = z.strictObject({
  version: z.literal(1),
  /** Fault's name and a number: names whatever the fault makes. */
  id: z.string(),
  fault: z.string(),
  node: z.string().nullable(),
  options: z.record(z.string(), z.unknown()),
  /** Path of the migration's journal, where one matters. */
  journal: z.string().nullable(),
  /** The entry that sets the fault off; entries before `from` do not count. */
  trigger: z.strictObject({ step: z.string(), phase: z.string(), from: z.strictObject({ inode: z.number(), offset: z.number() }).nullable() }).nullable(),
  /** Milliseconds between trigger and fault. */
  delayMs: z.number(),
  /** Milliseconds after which it ends by itself. */
  forMs: z.number().nullable(),
  /** `injecting`: undo data is stored, the fault may or may not have acted. `over`: undone, or left nothing to undo. */
  state: z.enum(['armed', 'injecting', 'active', 'over', 'failed']),
  captured: z.record(z.string(), z.unknown()).nullable(),
  /** What was done, as a sentence. */
  said: z.string().nullable(),
  error: z.string().nullable(),
  createdAt: z.iso.datetime(),
  injectedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  /** The process that waits for the trigger and for the end. */
  keeper: processId.nullable(),
});
export type FaultRecord = z.infer<typeof schema>;

const directoryOf = (lab: string): string => join(labPaths(lab).dir, 'faults');
const pathOf = (lab: string, id: string): string => join(directoryOf(lab), `${id}.json`);

/** Takes the first free number for a fault and writes its record. */
export function createRecord(lab: string, fresh: Omit<FaultRecord, 'id'>): FaultRecord {
  mkdirSync(directoryOf(lab), { recursive: true, mode: 0o700 });
  for (let number = 1; ; number++) {
    const record = { ...fresh, id: `${fresh.fault}-${number}` };
    try {
      // Claims the name; a reader that comes in between finds an empty file and takes it for no record.
      closeSync(openSync(pathOf(lab, record.id), 'wx', 0o600));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw error;
    }
    return writeRecord(lab, record);
  }
}

/** Writes a record atomically and durably; returns it. */
export function writeRecord(lab: string, record: FaultRecord): FaultRecord {
  const path = pathOf(lab, record.id);
  const file = openSync(`${path}.new`, 'w', 0o600);
  try {
    writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
  return record;
}

/** Reads a record; undefined when there is none. Errors: EnvironmentError when it is unreadable. */
export function readRecord(lab: string, id: string): FaultRecord | undefined {
  const path = pathOf(lab, id);
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  if (text === '') return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new EnvironmentError(`${path} is not readable as the record of a fault`, { hint: `\`fairlead lab down --name ${lab}\` ends the lab with all its faults`, cause });
  }
}

/** All records of a lab, oldest first. */
export function readRecords(lab: string): FaultRecord[] {
  const dir = directoryOf(lab);
  if (!existsSync(dir)) return [];
  const ids = readdirSync(dir).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
  return ids.flatMap((id) => readRecord(lab, id) ?? []).toSorted((one, other) => one.createdAt.localeCompare(other.createdAt) || one.id.localeCompare(other.id));
}

export function removeRecord(lab: string, id: string): void {
  rmSync(pathOf(lab, id), { force: true });
}
