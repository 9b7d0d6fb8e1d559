/** The documents of a stream with their places: those of a stream of documents, and those that lists hold, each by itself. */
import { isRecord } from '../fields.ts';
import type { Chunk } from './chunk.ts';
import { InputError } from './input-error.ts';
import { MAX_HELD_CHARS, MAX_LISTS } from './limits.ts';
import type { Origin, Path } from './origin.ts';
import { objectLine, parseChunk } from './parse.ts';
import { readChunks, TextSplitter } from './read-text.ts';

/** A document, or an item of a list; what it is nobody has judged yet. */
export interface Found {
  value: unknown;
  /** The piece of the file that it was read from, with the comments before it. */
  text: string;
  origin: Origin;
}

/** What cannot be read of a stream. */
export interface Fault {
  error: InputError;
  /** What is lost: one object, the rest of the file, or a file that is not followed. */
  left: 'object' | 'rest' | 'link';
  /** 1-based line on which the object begins, where it is known. */
  begins?: number;
}

export interface Take {
  document(found: Found): void;
  fault(fault: Fault): void;
}

/** The value of a piece. Errors: InputError. */
export type Parse = (chunk: Chunk, file: string) => unknown;

/** Reads a stream to its end, in memory for one object (and for items of a typed list, which wait for its kind). */
export async function readDocuments(file: string, bytes: AsyncIterable<Uint8Array>, take: Take, parse: Parse = parseChunk): Promise<void> {
  const reader = new Reader(file, take, parse);
  try {
    for await (const chunks of readChunks(file, bytes)) for (const chunk of chunks) reader.chunk(chunk);
  } catch (cause) {
    take.fault({ error: faultOf(file, cause), left: 'rest' });
  }
  reader.end();
}

/** The same for a text that is there. */
export function documentsOf(file: string, text: string, take: Take): void {
  const [reader, splitter] = [new Reader(file, take, parseChunk), new TextSplitter(file)];
  try {
    for (const chunk of splitter.push(text)) reader.chunk(chunk);
    for (const chunk of splitter.end()) reader.chunk(chunk);
  } catch (cause) {
    take.fault({ error: faultOf(file, cause), left: 'rest' });
  }
  reader.end();
}

/** What the system says of a file is bad input, too. Errors: what is neither. */
function faultOf(file: string, cause: unknown): InputError {
  if (cause instanceof InputError) return cause;
  if (cause instanceof Error && 'syscall' in cause) return new InputError(file, 1, `cannot be read: ${cause.message}`, { cause });
  throw cause;
}

const textOf = (value: unknown, field: string): string => (isRecord(value) && typeof value[field] === 'string' ? value[field] : '');
/** Items of a typed list, as the API server answers, have no kind of their own. */
const isKindless = (value: unknown): value is Record<string, unknown> => isRecord(value) && value['kind'] === undefined && value['apiVersion'] === undefined;

class Reader {
  readonly #file: string;
  readonly #take: Take;
  readonly #parse: Parse;
  /** Items that wait for the kind of their list. */
  #held: Chunk[] = [];
  #heldChars = 0;

  constructor(file: string, take: Take, parse: Parse) {
    this.#file = file;
    this.#take = take;
    this.#parse = parse;
  }

  chunk(chunk: Chunk): void {
    try {
      const value = this.#parse(chunk, this.#file);
      if (chunk.role === 'item') this.#item(value, chunk);
      else {
        const items = this.#held;
        [this.#held, this.#heldChars] = [[], 0];
        if (chunk.role === 'header') this.#list(value, chunk, items);
        else this.#value(value, chunk, []);
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#take.fault({ error, left: 'object', begins: objectLine(chunk) });
    }
  }

  end(): void {
    for (const { line } of this.#held) this.#take.fault({ error: new InputError(this.#file, line, 'an item without apiVersion and kind'), left: 'object' });
  }

  #item(value: unknown, chunk: Chunk): void {
    if (!isKindless(value) || !isRecord(value['metadata'])) return this.#value(value, chunk, []);
    this.#held.push(chunk);
    this.#heldChars += chunk.text.length;
    if (this.#heldChars > MAX_HELD_CHARS) throw new InputError(this.#file, chunk.line, 'the items of this list have no kind, and the list is too long to wait for its own', { hint: 'Write it with `kubectl get -o yaml`, which names the kind of each item.' });
  }

  /** The frame of a list: it names the kind of items that do not. */
  #list(value: unknown, header: Chunk, items: readonly Chunk[]): void {
    const [kind, apiVersion] = [textOf(value, 'kind'), textOf(value, 'apiVersion')];
    if (!kind.endsWith('List')) throw new InputError(this.#file, header.line, `a document with items whose kind is ${kind || 'missing'}, not a list`);
    const itemKind = kind.slice(0, -'List'.length);
    for (const item of items) {
      const one = this.#parse(item, this.#file);
      if (itemKind === '' || !isRecord(one)) this.#take.fault({ error: new InputError(this.#file, item.line, 'an item without apiVersion and kind'), left: 'object' });
      else this.#value({ ...one, apiVersion, kind: itemKind }, item, []);
    }
  }

  /** Hands over one object, or the objects of a list that was not cut into pieces. */
  #value(value: unknown, chunk: Chunk, within: Path, depth = 0): void {
    if (value === null || value === undefined) return;
    const kind = textOf(value, 'kind');
    if (kind.endsWith('List') && isRecord(value) && Array.isArray(value['items']) && depth < MAX_LISTS) {
      const typed = kind === 'List' ? {} : { apiVersion: value['apiVersion'], kind: kind.slice(0, -'List'.length) };
      for (const [index, item] of (value['items'] as unknown[]).entries()) this.#value(isKindless(item) ? { ...item, ...typed } : item, chunk, [...within, 'items', index], depth + 1);
      return;
    }
    const path = chunk.role === 'item' && chunk.format === 'yaml' ? [0, ...within] : within;
    this.#take.document({ value, text: chunk.text, origin: { file: this.#file, line: objectLine(chunk), written: { text: chunk.text, line: chunk.line, within: path } } });
  }
}
