/** One direction of an HTTP/1 connection that answers (RFC 9112): where answers begin, also in the middle of a segment, because bodies are passed over. */
import { i32, u8 } from '../read/bytes.ts';
import type { Taker } from './in-order.ts';

/** `HTTP` and `/1.` as numbers. */
const [HTTP, ONE] = [0x48545450, 0x2f312e];
/** Longest line that is read: of a status, a header, a chunk's size. */
const LONGEST = 8192;
const NEWLINE = 10;

/** What the next line is. `nothing`: where the next answer begins is not known; it is looked for where segments begin. */
type Next = 'status' | 'header' | 'chunk' | 'trailer' | 'nothing';

/** Whether an answer begins at `at`: `HTTP/1.1 200`. */
export const isAnswer = (bytes: Uint8Array, at: number, end: number): boolean =>
  end - at >= 12 && i32(bytes, at) === HTTP && i32(bytes, at + 4) >>> 8 === ONE && u8(bytes, at + 8) === 0x20 && u8(bytes, at + 9) >= 0x31 && u8(bytes, at + 9) <= 0x35;

export class Http1Answers implements Taker {
  readonly #status: (status: string) => void;
  #next: Next = 'status';
  /** Bytes of a body that are passed over before the next line. */
  #skip = 0;
  /** A line as far as it came. */
  #line = '';
  /** Of the answer whose headers are read; -1: no length was given. */
  #code = '';
  #length = -1;
  /** Whether a transfer coding was named, and whether the last one is chunked. */
  #coded = false;
  #chunked = false;

  constructor(status: (status: string) => void) {
    this.#status = status;
  }

  /** Takes what comes next: one segment at a time. */
  take(bytes: Uint8Array, from: number, end: number): boolean {
    // A body that does not come, because the question was HEAD, is not waited for.
    if ((this.#skip > 0 || this.#next === 'nothing') && isAnswer(bytes, from, end)) this.#expect('status');
    let at = from;
    while (at < end && this.#next !== 'nothing') {
      const passed = Math.min(this.#skip, end - at);
      this.#skip -= passed;
      at += passed;
      if (at === end) break;
      const rest = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(end - at, LONGEST));
      const newline = rest.indexOf(NEWLINE);
      this.#line += rest.toString('latin1', 0, newline < 0 ? rest.length : newline);
      at += newline < 0 ? rest.length : newline + 1;
      if (this.#line.length > LONGEST) this.#expect('nothing');
      else if (newline >= 0) this.#read();
    }
    return true;
  }

  /** So many bytes were not captured: within a body they are not missed. */
  miss(count: number): boolean {
    if (count <= this.#skip) this.#skip -= count;
    else this.#expect('nothing');
    return true;
  }

  #expect(next: Next, skip = 0): void {
    this.#next = next;
    this.#skip = skip;
    this.#line = '';
  }

  #read(): void {
    const line = this.#line.trimEnd();
    switch (this.#next) {
      case 'status': {
        const code = /^HTTP\/1\.\d ([1-5]\d\d)(?: |$)/.exec(line)?.[1];
        if (code === undefined) return this.#expect('nothing');
        [this.#code, this.#length, this.#coded, this.#chunked] = [code, -1, false, false];
        this.#status(code);
        return this.#expect('header');
      }
      case 'header': {
        if (line === '') return this.#body();
        const length = /^content-length:\s*(\d{1,15})$/i.exec(line)?.[1];
        if (length !== undefined) this.#length = Number(length);
        if (/^transfer-encoding:/i.test(line)) [this.#coded, this.#chunked] = [true, /\bchunked$/i.test(line)];
        return this.#expect('header');
      }
      case 'chunk': {
        const size = /^[\da-f]{1,12}(?=\s*(?:;|$))/i.exec(line)?.[0];
        if (size === undefined) return this.#expect('nothing');
        // A line's end follows the bytes of a chunk (§7.1).
        return Number.parseInt(size, 16) === 0 ? this.#expect('trailer') : this.#expect('chunk', Number.parseInt(size, 16) + 2);
      }
      case 'trailer':
        return this.#expect(line === '' ? 'status' : 'trailer');
      case 'nothing':
    }
  }

  /** The headers are over. How long the body is: §6.3. */
  #body(): void {
    if (this.#code === '101') return this.#expect('nothing');
    if (this.#code.startsWith('1') || this.#code === '204' || this.#code === '304') return this.#expect('status');
    if (this.#chunked) return this.#expect('chunk');
    this.#expect(this.#length < 0 || this.#coded ? 'nothing' : 'status', Math.max(0, this.#length));
  }
}
