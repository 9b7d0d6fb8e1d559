/**
 * Header compression of HTTP/2 (RFC 7541), decoding alone. Where a capture begins in the middle of a connection, entries of the dynamic table
 * from before are not known: such fields are left out, and those that come later are right, because indices count from the newest entry.
 */
import { huffmanText } from './huffman.ts';

export type Field = readonly [name: string, value: string];

/** Appendix A. */
const STATIC: readonly Field[] = ([
  [':authority'], [':method', 'GET'], [':method', 'POST'], [':path', '/'], [':path', '/index.html'], [':scheme', 'http'], [':scheme', 'https'],
  [':status', '200'], [':status', '204'], [':status', '206'], [':status', '304'], [':status', '400'], [':status', '404'], [':status', '500'],
  ['accept-charset'], ['accept-encoding', 'gzip, deflate'], ['accept-language'], ['accept-ranges'], ['accept'], ['access-control-allow-origin'],
  ['age'], ['allow'], ['authorization'], ['cache-control'], ['content-disposition'], ['content-encoding'], ['content-language'], ['content-length'],
  ['content-location'], ['content-range'], ['content-type'], ['cookie'], ['date'], ['etag'], ['expect'], ['expires'], ['from'], ['host'],
  ['if-match'], ['if-modified-since'], ['if-none-match'], ['if-range'], ['if-unmodified-since'], ['last-modified'], ['link'], ['location'],
  ['max-forwards'], ['proxy-authenticate'], ['proxy-authorization'], ['range'], ['referer'], ['refresh'], ['retry-after'], ['server'],
  ['set-cookie'], ['strict-transport-security'], ['transfer-encoding'], ['user-agent'], ['vary'], ['via'], ['www-authenticate'],
] as const).map(([name, value = '']): Field => [name, value]);

/** Size of the table until it is changed (RFC 9113 §6.5.2), and the largest that is followed. */
const [USUAL, LARGEST] = [4096, 16_384];
/** What an entry costs beyond its letters (§4.1). */
const OVERHEAD = 32;

export class HpackDecoder {
  /** Newest first. */
  readonly #table: Field[] = [];
  #size = 0;
  #most = USUAL;
  #at = 0;

  /** Fields of a whole header block in [at, end), without those that are not known; undefined when it is none: then nothing that follows can be read. */
  decode(bytes: Uint8Array, at: number, end: number): Field[] | undefined {
    const fields: Field[] = [];
    this.#at = at;
    while (this.#at < end) {
      const first = bytes[this.#at] as number;
      if ((first & 0x80) !== 0) {
        const index = this.#integer(bytes, end, 7);
        if (index === undefined || index === 0) return undefined;
        const field = this.#field(index);
        if (field !== undefined) fields.push(field);
      } else if ((first & 0xe0) === 0x20) {
        const most = this.#integer(bytes, end, 5);
        if (most === undefined || most > LARGEST) return undefined;
        this.#most = most;
        this.#evict(0);
      } else {
        const indexed = (first & 0x40) !== 0;
        const index = this.#integer(bytes, end, indexed ? 6 : 4);
        if (index === undefined) return undefined;
        const name = index === 0 ? this.#text(bytes, end) : (this.#field(index)?.[0] ?? '');
        const value = name === undefined ? undefined : this.#text(bytes, end);
        if (name === undefined || value === undefined) return undefined;
        if (indexed) this.#add([name, value]);
        if (name !== '') fields.push([name, value]);
      }
    }
    return fields;
  }

  #field(index: number): Field | undefined {
    return index <= STATIC.length ? STATIC[index - 1] : this.#table[index - STATIC.length - 1];
  }

  #add(field: Field): void {
    const size = field[0].length + field[1].length + OVERHEAD;
    this.#evict(size);
    // One that is larger than the table empties it, and is no error (§4.4).
    if (size > this.#most) return;
    this.#table.unshift(field);
    this.#size += size;
  }

  /** Makes room for `more`. */
  #evict(more: number): void {
    while (this.#table.length > 0 && this.#size + more > this.#most) {
      const [name, value] = this.#table.pop() as Field;
      this.#size -= name.length + value.length + OVERHEAD;
    }
  }

  /** §5.1, up to 2^28: nothing in a header is as large. */
  #integer(bytes: Uint8Array, end: number, prefix: number): number | undefined {
    const mask = (1 << prefix) - 1;
    let value = (bytes[this.#at++] as number) & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= end) return undefined;
      const byte = bytes[this.#at++] as number;
      value += (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
    return undefined;
  }

  /** §5.2. */
  #text(bytes: Uint8Array, end: number): string | undefined {
    if (this.#at >= end) return undefined;
    const huffman = ((bytes[this.#at] as number) & 0x80) !== 0;
    const length = this.#integer(bytes, end, 7);
    if (length === undefined || this.#at + length > end) return undefined;
    const from = this.#at;
    this.#at += length;
    return huffman ? huffmanText(bytes, from, this.#at) : Buffer.from(bytes.buffer, bytes.byteOffset + from, length).toString('latin1');
  }
}
