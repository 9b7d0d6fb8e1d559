/** Text or bytes as pieces, cut into objects by the splitter that fits what they begin with. */
import type { Chunk, Splitter } from './chunk.ts';
import { InputError } from './input-error.ts';
import { MAX_OBJECT_CHARS } from './limits.ts';
import { JsonSplitter } from './split-json.ts';
import { YamlSplitter } from './split-yaml.ts';

/** Finds out what the text is, and cuts it. `file` names it in errors. */
export class TextSplitter implements Splitter {
  readonly #file: string;
  #splitter: Splitter | undefined;
  #blank = '';

  constructor(file: string) {
    this.#file = file;
  }

  get line(): number {
    return this.#splitter?.line ?? this.#blank.split('\n').length;
  }

  push(text: string): Chunk[] {
    return this.#feed(text, false);
  }

  end(): Chunk[] {
    const chunks = this.#feed('', true);
    return [...chunks, ...(this.#splitter?.end() ?? [])];
  }

  #feed(text: string, last: boolean): Chunk[] {
    if (text.includes('\0')) throw new InputError(this.#file, this.line, 'this is no text: it contains a zero byte');
    if (this.#splitter !== undefined) return this.#splitter.push(text);
    this.#blank += text;
    const [, first, second = ''] = /(\S)\s*(\S)?/.exec(this.#blank) ?? [];
    // Blank lines are kept for their number alone.
    if (first === undefined && this.#blank.length > MAX_OBJECT_CHARS) throw new InputError(this.#file, this.line, `nothing but blanks in the first ${MAX_OBJECT_CHARS / 1024 ** 2} MiB`, { hint: 'Leave the file out.' });
    const open = first === undefined || (first === '{' && second === '' && !last);
    if (open && this.#blank.length <= MAX_OBJECT_CHARS) return [];
    // A mapping of YAML in flow style begins with a key that has no quotes, mostly.
    this.#splitter = first === '[' || (first === '{' && ['"', '}', ''].includes(second)) ? new JsonSplitter(this.#file) : new YamlSplitter(this.#file);
    return this.#splitter.push(this.#blank);
  }
}

/** The pieces of a stream, each with one object or a list's frame, as they become whole. Errors: InputError for bytes that are no UTF-8 text. */
export async function* readChunks(file: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Chunk[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const splitter = new TextSplitter(file);
  for await (const piece of bytes) yield splitter.push(decode(decoder, piece, file, splitter.line));
  yield splitter.push(decode(decoder, undefined, file, splitter.line));
  yield splitter.end();
}

function decode(decoder: InstanceType<typeof TextDecoder>, piece: Uint8Array | undefined, file: string, line: number): string {
  try {
    return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true });
  } catch (cause) {
    throw new InputError(file, line, 'on this line or a later one are bytes that are no UTF-8 text', { hint: 'Convert the file to UTF-8, for instance with `iconv -f utf-16 -t utf-8`.', cause });
  }
}
