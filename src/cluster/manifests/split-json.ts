/** Cuts JSON into objects: documents one after the other (also one per line, or with YAML's `---` between them), arrays, and the `items` of a list. */
import type { Chunk, Splitter } from './chunk.ts';
import { InputError } from './input-error.ts';
import { MAX_OBJECT_CHARS } from './limits.ts';

const [QUOTE, BACKSLASH, NEWLINE, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST, DASH] = [34, 92, 10, 123, 125, 91, 93, 45];

export class JsonSplitter implements Splitter {
  readonly #file: string;
  #pending = '';
  #at = 0;
  #line = 1;
  /** Where the piece that is being read begins, and its line; -1 between pieces. */
  #from = -1;
  #start = 1;
  #depth = 0;
  #inString = false;
  #stringFrom = 0;
  /** The text so far ended with a backslash. */
  #escaped = false;
  /** The last string at depth 1: the key, when a list begins there. */
  #lastKey = '';
  /** Depth of the elements that are cut out one by one; 0 when none are. */
  #itemDepth = 0;
  #header = '';
  #headerLine = 1;
  #topIsArray = false;
  /** Dashes that were read between documents. */
  #dashes = 0;

  constructor(file: string) {
    this.#file = file;
  }

  get line(): number {
    return this.#line;
  }

  push(text: string): Chunk[] {
    this.#pending += text;
    const chunks: Chunk[] = [];
    while (this.#at < this.#pending.length) this.#step(chunks);
    if (this.#from < 0 && !this.#inString) this.#forget();
    if (this.#pending.length + this.#header.length > MAX_OBJECT_CHARS) {
      throw new InputError(this.#file, this.#start, `this object is longer than ${MAX_OBJECT_CHARS / 1024 ** 2} MiB, which no Kubernetes object can be`, { hint: 'Leave the file out.' });
    }
    return chunks;
  }

  end(): Chunk[] {
    if (this.#depth !== 0 || this.#inString) {
      throw new InputError(this.#file, this.#line, `the file ends inside of a JSON object that begins on line ${this.#from < 0 ? this.#headerLine : this.#start}: it is cut off`);
    }
    return [];
  }

  #step(chunks: Chunk[]): void {
    if (this.#inString) return this.#string();
    const code = this.#pending.charCodeAt(this.#at);
    const isMarker = this.#depth === 0 && code === DASH && this.#dashes < 3;
    if (this.#dashes > 0 && !isMarker && (this.#dashes !== 3 || code === DASH)) throw this.#noObject(this.#at - this.#dashes);
    this.#dashes = isMarker ? this.#dashes + 1 : 0;
    if (code === NEWLINE) this.#line++;
    else if (code === QUOTE) {
      this.#inString = true;
      this.#stringFrom = this.#at + 1;
    } else if (code === OPEN || code === OPEN_LIST) this.#open(code);
    else if (code === CLOSE || code === CLOSE_LIST) return this.#close(code, chunks);
    else if (this.#depth === 0 && code > 32 && code !== 44 && !isMarker) throw this.#noObject(this.#at);
    this.#at++;
  }

  #noObject(at: number): InputError {
    return new InputError(this.#file, this.#line, `expected a JSON object here, but there is ${JSON.stringify(this.#pending.slice(Math.max(0, at), at + 20))}`);
  }

  /** Goes to the end of the string, or of what there is of it. */
  #string(): void {
    if (this.#escaped) {
      this.#escaped = false;
      this.#at++;
    }
    for (; this.#at < this.#pending.length; this.#at++) {
      const code = this.#pending.charCodeAt(this.#at);
      if (code === BACKSLASH) {
        this.#at++;
        // The escaped character has not come yet.
        if (this.#at === this.#pending.length) {
          this.#escaped = true;
          return;
        }
      } else if (code === QUOTE) {
        if (this.#depth === 1) this.#lastKey = this.#pending.slice(this.#stringFrom, this.#at);
        this.#inString = false;
        this.#at++;
        return;
      } else if (code === NEWLINE) this.#line++;
    }
  }

  #open(code: number): void {
    const beginsItem = this.#itemDepth > 0 && this.#depth === this.#itemDepth;
    if (this.#depth === 0) {
      this.#topIsArray = code === OPEN_LIST;
      this.#headerLine = this.#line;
      this.#header = '';
      if (this.#topIsArray) this.#itemDepth = 1;
      else this.#from = this.#at;
      this.#start = this.#line;
    } else if (beginsItem) {
      this.#from = this.#at;
      this.#start = this.#line;
    } else if (this.#depth === 1 && !this.#topIsArray && code === OPEN_LIST && this.#lastKey === 'items') {
      // Everything up to here is the header's; elements are cut out from now on.
      this.#header = this.#pending.slice(this.#from, this.#at + 1);
      this.#from = -1;
      this.#itemDepth = 2;
    }
    this.#depth++;
  }

  #close(code: number, chunks: Chunk[]): void {
    this.#depth--;
    if (this.#depth < 0) throw new InputError(this.#file, this.#line, `there is a ${String.fromCharCode(code)} that closes nothing`);
    this.#at++;
    if (this.#itemDepth > 0 && this.#depth === this.#itemDepth && this.#from >= 0) this.#emit('item', this.#cut(), this.#start, chunks);
    else if (this.#itemDepth === 2 && this.#depth === 1) {
      // The list ends; the rest of its document is the header's, too.
      this.#itemDepth = 0;
      this.#from = this.#at - 1;
      this.#lastKey = '';
    } else if (this.#depth === 0) {
      const listed = this.#header !== '';
      if (!this.#topIsArray) this.#emit(listed ? 'header' : 'document', this.#header + this.#cut(), this.#headerLine, chunks);
      this.#header = '';
      this.#itemDepth = 0;
      this.#from = -1;
    }
  }

  #cut(): string {
    const text = this.#pending.slice(this.#from, this.#at);
    this.#from = -1;
    this.#forget();
    return text;
  }

  #emit(role: Chunk['role'], text: string, line: number, chunks: Chunk[]): void {
    chunks.push({ text, line, role, format: 'json' });
  }

  /** Lets go of text that was read. */
  #forget(): void {
    this.#pending = this.#pending.slice(this.#at);
    this.#at = 0;
  }
}
