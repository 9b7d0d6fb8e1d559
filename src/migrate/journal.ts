/** The journal on disk: append-only NDJSON, hash-chained, one writer, every entry on the platter before it is acknowledged. */
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EnvironmentError } from '../core/errors.ts';
import { entryLine, parseJournal, sealEntry } from './journal/chain.ts';
import type { JournalBody, JournalEntry } from './journal/entries.ts';
import { takeLock } from './journal/lock.ts';

export interface Journal {
  readonly path: string;
  /** All entries so far, oldest first; grows with `append`. */
  readonly entries: readonly JournalEntry[];
  /** Bytes of an unfinished last line that were cut off when it was opened. */
  readonly repairedBytes: number;
  /** Writes an entry and syncs it to disk before it resolves. Errors: EnvironmentError; after one, every further append fails too. */
  append(body: JournalBody): Promise<JournalEntry>;
  /** Releases file and lock; safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens (or creates) `<dir>/journal.ndjson` for writing and takes the lock of the directory.
 * Errors: EnvironmentError when another process holds it or the journal is damaged anywhere but in its last line.
 */
export async function openJournal(dir: string, now: () => number = Date.now): Promise<Journal> {
  await makeDirectory(dir);
  const lock = await takeLock(dir);
  try {
    return await openLocked(join(dir, 'journal.ndjson'), lock, now);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The entries of a journal without opening it for writing; a torn last line is left out. Empty when there is no file. */
export async function readJournal(path: string): Promise<JournalEntry[]> {
  try {
    return parseJournal(await readFile(path), path).entries;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Makes a directory's new entries durable (a file's own fsync does not cover its name). */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function openLocked(path: string, lock: Awaited<ReturnType<typeof takeLock>>, now: () => number): Promise<Journal> {
  const handle = await open(path, 'a+', 0o600);
  let entries: JournalEntry[];
  let repairedBytes: number;
  try {
    const parsed = parseJournal(await handle.readFile(), path);
    ({ entries, tornBytes: repairedBytes } = parsed);
    if (repairedBytes > 0) await handle.truncate(parsed.validBytes);
    await handle.sync();
    await syncDirectory(dirname(path));
  } catch (error) {
    await handle.close();
    throw error;
  }

  let broken: EnvironmentError | undefined;
  let closed = false;
  let tail: Promise<unknown> = Promise.resolve();
  const write = async (body: JournalBody): Promise<JournalEntry> => {
    if (broken !== undefined) throw broken;
    if (closed) throw new Error('the journal is closed');
    // Before anything is written: what could not be read back must never get in.
    const entry = sealEntry(body, entries.at(-1), now());
    try {
      await lock.assertHeld();
      await handle.appendFile(entryLine(entry));
      await handle.datasync();
      entries.push(entry);
      return entry;
    } catch (error) {
      // Half a line may be in the file now; only opening it anew can tell, so this writer is done.
      broken = error instanceof EnvironmentError ? error : cannotWrite(path, error);
      throw broken;
    }
  };
  return {
    path,
    entries,
    repairedBytes,
    append(body) {
      const result = tail.then(() => write(body));
      tail = result.catch(() => undefined);
      return result;
    },
    async close() {
      if (closed) return;
      await tail;
      closed = true;
      await handle.close();
      await lock.release();
    },
  };
}

/** mkdir -p, with every directory it makes synced into its parent. */
async function makeDirectory(dir: string): Promise<void> {
  const first = await mkdir(dir, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = dir; ; made = dirname(made)) {
    await syncDirectory(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}

function cannotWrite(path: string, cause: unknown): EnvironmentError {
  return new EnvironmentError(`${path}: the journal cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, {
    hint: 'Nothing more is done to the cluster without a journal. Make room or repair the file system, then `fairlead migrate resume`.',
    cause,
  });
}
