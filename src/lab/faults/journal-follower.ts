/** Follows the journal of a migration from outside: NDJSON that only grows, as src/migrate/journal/entries.ts describes it. */
import { constants } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** The fields of an entry that a fault looks at. */
export interface JournalLine {
  type: string;
  /** Epoch ms. */
  t: number;
  step?: string;
  pid?: number;
}

/** Where a reader stands: bytes of whole lines read so far of one file. A new migration begins a new file. */
export interface Position {
  inode: number;
  offset: number;
}

/** Entry types by the phase of a step that they end. */
export const PHASES = {
  intent: 'step-intent',
  applied: 'step-applied',
  verified: 'step-verified',
  gate: 'gate',
  done: 'step-done',
  undo: 'undo-intent',
} as const;
export type Phase = keyof typeof PHASES;

/** Milliseconds between two looks at the file: a fraction of what any step takes. */
const POLL_MS = 25;

/** Whole lines of a piece of a journal, and how many bytes they are. A damaged line is skipped: whoever owns the journal reports it. */
export function wholeLines(bytes: Uint8Array): { lines: JournalLine[]; length: number } {
  const length = bytes.lastIndexOf(10) + 1;
  const lines = new TextDecoder().decode(bytes.subarray(0, length)).split('\n').flatMap((text): JournalLine[] => {
    try {
      return text === '' ? [] : [JSON.parse(text) as JournalLine];
    } catch {
      return [];
    }
  });
  return { lines, length };
}

/** All entries of a journal so far; none when there is no file. */
export async function readEntries(path: string): Promise<JournalLine[]> {
  try {
    return wholeLines(await readFile(path)).lines;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The end of a journal as it is now; undefined when there is no file. */
export async function endOf(path: string): Promise<Position | undefined> {
  try {
    const { ino } = await stat(path);
    return { inode: ino, offset: wholeLines(await readFile(path)).length };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Reads whole lines after a position; from the beginning when the file is another one or was cut shorter. */
async function readFrom(path: string, from: Position | undefined): Promise<{ lines: JournalLine[]; position: Position | undefined }> {
  const file = await open(path, constants.O_RDONLY).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return { lines: [], position: from };
  try {
    const { ino, size } = await file.stat();
    const offset = from?.inode === ino && size >= from.offset ? from.offset : 0;
    if (size === offset) return { lines: [], position: { inode: ino, offset } };
    const bytes = Buffer.alloc(size - offset);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
    const { lines, length } = wholeLines(bytes.subarray(0, bytesRead));
    return { lines, position: { inode: ino, offset: offset + length } };
  } finally {
    await file.close();
  }
}

/** Waits for an entry of this step and phase after `from`, for as long as it takes. The file need not be there yet. Errors: the signal's reason. */
export async function waitForStep(path: string, from: Position | undefined, wanted: { step: string; phase: Phase }, signal: AbortSignal): Promise<JournalLine> {
  let position = from;
  for (;;) {
    signal.throwIfAborted();
    const read = await readFrom(path, position);
    position = read.position;
    const found = read.lines.find((line) => line.type === PHASES[wanted.phase] && line.step === wanted.step);
    if (found !== undefined) return found;
    await sleep(POLL_MS, undefined, { signal });
  }
}
