/** The hash chain over journal lines: sealing an entry, and reading lines back with every link checked. */
import { EnvironmentError } from '../../core/errors.ts';
import { canonicalJson, sha256Hex } from '../canonical.ts';
import { firstProblem, journalEntrySchema } from '../schema.ts';
import type { JournalBody, JournalEntry } from './entries.ts';

/** `prev` of the first entry. */
export const GENESIS = '0'.repeat(64);

/** Makes an entry of a body: numbered, timed (epoch ms), linked to the entry before. Throws Error on a body that does not fit the schema. */
export function sealEntry(body: JournalBody, previous: JournalEntry | undefined, t: number): JournalEntry {
  // Through JSON first, so that the hash is over exactly what will be read back (no undefined, NaN becomes null).
  const plain = JSON.parse(JSON.stringify(body)) as JournalBody;
  const linked = { ...plain, n: previous === undefined ? 0 : previous.n + 1, t, prev: previous?.hash ?? GENESIS };
  const parsed = journalEntrySchema.safeParse({ ...linked, hash: sha256Hex(canonicalJson(linked)) });
  if (!parsed.success) throw new Error(`a journal entry of type ${body.type} is malformed: ${firstProblem(parsed.error)}`);
  return parsed.data;
}

/** The line of an entry, newline included: canonical JSON, so the same entry is always the same bytes. */
export function entryLine(entry: JournalEntry): string {
  return `${canonicalJson(entry)}\n`;
}

export interface ParsedJournal {
  entries: JournalEntry[];
  /** Bytes up to the end of the last whole line. */
  validBytes: number;
  /** Bytes after it: a line that a crash cut off; 0 when there is none. */
  tornBytes: number;
}

/**
 * Reads journal bytes. A last line that a crash left unfinished (no newline, or blocks that never reached the
 * disk and so are not JSON) is left out and counted; such an entry was never acknowledged, so nothing acted on it.
 * Errors: EnvironmentError naming file and line when any other line is damaged or a hash does not fit.
 */
export function parseJournal(bytes: Uint8Array, path: string): ParsedJournal {
  const entries: JournalEntry[] = [];
  const decoder = new TextDecoder();
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(10, start);
    const text = newline === -1 ? undefined : decoder.decode(bytes.subarray(start, newline));
    const value = text === undefined ? undefined : parseJson(text);
    if (value === undefined) {
      const last = newline === -1 || newline === bytes.length - 1;
      if (!last) throw damaged(path, entries.length + 1, 'it is not JSON');
      if (holdsAWholeEntry(decoder.decode(bytes.subarray(start)))) throw damaged(path, entries.length + 1, 'its line break is gone');
      return { entries, validBytes: start, tornBytes: bytes.length - start };
    }
    entries.push(checkedEntry(value, entries.at(-1), path));
    start = newline + 1;
  }
  return { entries, validBytes: start, tornBytes: 0 };
}

/**
 * Whether a last line that is not JSON starts with a whole entry all the same. An append that was cut off never does:
 * it lacks its end, or has NULs in it. (An entry before NULs only is one whose last block never reached the disk.)
 */
function holdsAWholeEntry(text: string): boolean {
  for (let end = text.indexOf('}'); end !== -1; end = text.indexOf('}', end + 1)) {
    if (parseJson(text.slice(0, end + 1)) !== undefined) return /[^\0]/.test(text.slice(end + 1));
  }
  return false;
}

function checkedEntry(value: unknown, previous: JournalEntry | undefined, path: string): JournalEntry {
  const line = (previous?.n ?? -1) + 2;
  const parsed = journalEntrySchema.safeParse(value);
  if (!parsed.success) throw damaged(path, line, firstProblem(parsed.error));
  const { hash, ...rest } = parsed.data;
  if (rest.n !== line - 1) throw damaged(path, line, `its number is ${rest.n}, expected ${line - 1}`);
  if (rest.prev !== (previous?.hash ?? GENESIS)) throw damaged(path, line, 'it does not follow the line before (hash of the previous line differs)');
  if (hash !== sha256Hex(canonicalJson(rest))) throw damaged(path, line, 'its hash does not fit its content');
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function damaged(path: string, line: number, what: string): EnvironmentError {
  return new EnvironmentError(`${path}, line ${line}: the journal was changed or damaged: ${what}`, {
    hint: 'Do not migrate on with it. Move the file away and put its copy from the cluster in its place: the texts of ConfigMaps fairlead-journal-0, -1, … in namespace fairlead-system, one after another (`kubectl -n fairlead-system get configmap fairlead-journal-0 -o jsonpath="{.data.journal\\.ndjson}"`).',
  });
}
