/** A stream of bytes as pieces of UTF-8 text, cut into objects by the splitter that fits what the stream begins with. */
import type { Chunk, Splitter } from './chunk.ts';
import { InputError } from './input-error.ts';
import { MAX_OBJECT_CHARS } from './limits.ts';
import { JsonSplitter } from './split-json.ts';
import { YamlSplitter } from './split-yaml.ts';

/** The pieces of a stream, each with one object or a list's frame. `file` names the stream in errors. Errors: InputError for bytes that are no UTF-8 text. */
export async function* readChunks(file: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Chunk> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let splitter: Splitter | undefined;
  let blank = '';
  let line = 1;
  const feed = (text: string): Chunk[] => {
    if (text.includes('\0')) throw new InputError(file, line, 'this is no text: it contains a zero byte');
    line += text.split('\n').length - 1;
    if (splitter === undefined) {
      // Blank lines are kept for their number alone.
      if (blank.length > MAX_OBJECT_CHARS) throw new InputError(file, line, `nothing but blanks in the first ${MAX_OBJECT_CHARS / 1024 ** 2} MiB`, { hint: 'Leave the file out.' });
      const first = /\S/.exec(text)?.[0];
      blank += text;
      if (first === undefined) return [];
      splitter = first === '{' || first === '[' ? new JsonSplitter(file) : new YamlSplitter(file);
      return splitter.push(blank);
    }
    return splitter.push(text);
  };
  for await (const piece of bytes) yield* feed(decode(decoder, piece, file, line));
  yield* feed(decode(decoder, undefined, file, line));
  if (splitter !== undefined) yield* splitter.end();
}

function decode(decoder: InstanceType<typeof TextDecoder>, piece: Uint8Array | undefined, file: string, line: number): string {
  try {
    return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true });
  } catch (cause) {
    throw new InputError(file, line, 'on this line or a later one are bytes that are no UTF-8 text', { hint: 'Convert the file to UTF-8, for instance with `iconv -f utf-16 -t utf-8`.', cause });
  }
}
