/**
 * Cuts a YAML stream into documents, and the document of a list into its items, by its lines alone.
 *
 * What makes that right (YAML 1.2.2, 9.1 and 8.2.1): `---` at the start of a line always begins a document, inside
 * of block scalars too; and lines of a block sequence's item are indented deeper than its `-`, so that a `-` at the
 * indentation of the first item always begins another.
 */
import type { Chunk, Splitter } from './chunk.ts';
import { InputError } from './input-error.ts';
import { MAX_OBJECT_CHARS } from './limits.ts';

const BLANK = /^\s*(#.*)?$/;
const ITEMS = /^(items|"items"|'items'):\s*(#.*)?$/;

const SPACE = 32;
/** What a marker or a key `items` begins with. */
const DOCUMENT_SIGNS: ReadonlySet<number> = new Set(['-', '.', 'i', '"', "'"].map((sign) => sign.charCodeAt(0)));

type State = 'document' | 'items-begin' | 'items';

export class YamlSplitter implements Splitter {
  readonly #file: string;
  /** Text that is not cut yet; begins where the next piece does. */
  #pending = '';
  /** Up to where `#pending` was looked at, always the start of a line. */
  #seen = 0;
  /** Line number at `#seen`. */
  #line = 1;
  /** Line on which the piece in `#pending` begins. */
  #start = 1;
  #state: State = 'document';
  /** Whether the piece has anything but blank lines, comments and directives. */
  #filled = false;
  /** Of a list: the parts of its document outside its items, and the line on which it begins. */
  #header: string | undefined;
  #headerLine = 1;
  #indent = 0;

  constructor(file: string) {
    this.#file = file;
  }

  get line(): number {
    return this.#line;
  }

  push(text: string): Chunk[] {
    this.#pending += text;
    const chunks: Chunk[] = [];
    for (;;) {
      const end = this.#pending.indexOf('\n', this.#seen);
      if (end < 0) break;
      if (this.#goesOn()) {
        this.#seen = end + 1;
        this.#line++;
        continue;
      }
      this.#take(this.#pending.slice(this.#seen, end), end + 1 - this.#seen, chunks);
    }
    if (this.#pending.length > MAX_OBJECT_CHARS) throw this.#tooLarge();
    return chunks;
  }

  end(): Chunk[] {
    const chunks: Chunk[] = [];
    if (this.#seen < this.#pending.length) this.#take(this.#pending.slice(this.#seen), this.#pending.length - this.#seen, chunks);
    this.#finish(chunks);
    return chunks;
  }

  /** Whether the line at `#seen` can only go on with the piece, which most lines do. */
  #goesOn(): boolean {
    const [text, at] = [this.#pending, this.#seen];
    if (this.#state === 'document') return this.#filled && !DOCUMENT_SIGNS.has(text.charCodeAt(at));
    if (this.#state === 'items-begin') return false;
    for (let column = 0; column <= this.#indent; column += 1) if (text.charCodeAt(at + column) !== SPACE) return false;
    return true;
  }

  /** Takes one line; `length` includes its end. */
  #take(raw: string, length: number, chunks: Chunk[]): void {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const isMarker = (line.startsWith('---') || line.startsWith('...')) && (line.length === 3 || line[3] === ' ' || line[3] === '\t');
    if (isMarker) {
      this.#finish(chunks);
      if (line.startsWith('.') || BLANK.test(line.slice(3))) {
        this.#seen = length;
        this.#line++;
        this.#begin('document');
        return;
      }
      // What stands behind the marker belongs to the document.
      this.#filled = true;
    } else if (!BLANK.test(line)) {
      this.#content(line, chunks);
      if (!line.startsWith('%')) this.#filled = true;
    }
    const isItems = this.#state === 'document' && ITEMS.test(line);
    this.#seen += length;
    this.#line++;
    if (isItems) {
      if (this.#header === undefined) this.#headerLine = this.#start;
      this.#header = (this.#header ?? '') + this.#cut().slice(0, -length);
      this.#begin('items-begin');
    }
  }

  /** A line with content, inside of a list, may end one piece and begin another. */
  #content(line: string, chunks: Chunk[]): void {
    if (this.#state === 'document') return;
    const indent = line.length - line.trimStart().length;
    const dash = line[indent] === '-' && (line.length === indent + 1 || line[indent + 1] === ' ');
    if (this.#state === 'items-begin') {
      if (dash) {
        this.#indent = indent;
        this.#begin('items');
      } else {
        // No block sequence follows: `items:` stays part of the document, which the parser judges.
        this.#header = `${this.#header ?? ''}items:\n`;
        this.#begin('document');
      }
      return;
    }
    if (dash && indent === this.#indent) {
      this.#emit('item', chunks);
      this.#begin('items');
    } else if (indent <= this.#indent) {
      this.#emit('item', chunks);
      this.#begin('document');
    }
  }

  #finish(chunks: Chunk[]): void {
    if (this.#state === 'items') this.#emit('item', chunks);
    const rest = this.#state === 'document' ? this.#cut() : '';
    if (this.#header !== undefined) chunks.push({ text: this.#header + rest, line: this.#headerLine, role: 'header', format: 'yaml' });
    else if (this.#filled) chunks.push({ text: rest, line: this.#start, role: 'document', format: 'yaml' });
    this.#header = undefined;
    this.#begin('document');
    this.#filled = false;
  }

  #emit(role: Chunk['role'], chunks: Chunk[]): void {
    chunks.push({ text: this.#cut(), line: this.#start, role, format: 'yaml' });
  }

  /** A new piece begins at `#seen`; what was before it is gone or emitted. */
  #begin(state: State): void {
    this.#drop();
    this.#start = this.#line;
    this.#state = state;
  }

  #cut(): string {
    const text = this.#pending.slice(0, this.#seen);
    if (text.length > MAX_OBJECT_CHARS) throw this.#tooLarge();
    this.#drop();
    return text;
  }

  /** Lets go of text that was read. */
  #drop(): void {
    this.#pending = this.#pending.slice(this.#seen);
    this.#seen = 0;
  }

  #tooLarge(): InputError {
    return new InputError(this.#file, this.#start, `this object is longer than ${MAX_OBJECT_CHARS / 1024 ** 2} MiB, which no Kubernetes object can be`, { hint: 'Leave the file out, or split it at its documents with `---` lines.' });
  }
}
