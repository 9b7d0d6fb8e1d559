/** One direction of an HTTP/2 connection (RFC 9113): its frames, of which only those are read that say how calls end. */
import { u16, u32, u8 } from '../read/bytes.ts';
import { HpackDecoder, type Field } from './hpack.ts';

export interface Http2Events {
  headers(stream: number, fields: readonly Field[], last: boolean): void;
  reset(stream: number, code: number): void;
  goaway(code: number): void;
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'.length;
const [HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, GOAWAY, CONTINUATION] = [1, 3, 4, 5, 7, 9];
const [END_STREAM, END_HEADERS, PADDED, PRIORITY] = [1, 4, 8, 32];
const HEAD = 9;
const NOTHING = Buffer.alloc(0);
/** Longest header block that is read; servers of gRPC allow 8 to 16 KiB. */
const LONGEST = 16_384;

/** Names of error codes (§7). */
const CODES: readonly string[] = ['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT', 'STREAM_CLOSED', 'FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR', 'CONNECT_ERROR', 'ENHANCE_YOUR_CALM', 'INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED'];
export const http2Code = (code: number): string => CODES[code] ?? `error ${code}`;

/** Whether bytes are a server's first ones: SETTINGS of stream 0, which is no acknowledgement. */
export function isSettings(bytes: Uint8Array, at: number, end: number): boolean {
  return end - at >= HEAD && u8(bytes, at) === 0 && u16(bytes, at + 1) % 6 === 0 && u16(bytes, at + 1) <= 120 && u8(bytes, at + 3) === SETTINGS && u8(bytes, at + 4) === 0 && u32(bytes, at + 5) === 0;
}

export class Http2Direction {
  readonly #events: Http2Events;
  readonly #hpack = new HpackDecoder();
  /** Bytes to pass over before the next frame, or of a frame that is not read. */
  #skip: number;
  /** The head of a frame, or what is read of one, as far as it came. */
  #held: Buffer = NOTHING;
  /** What is wanted: a frame's head, or its payload of this many bytes. */
  #wanted = HEAD;
  #inPayload = false;
  #kind = 0;
  #flags = 0;
  #stream = 0;
  /** A header block that goes on in CONTINUATION. */
  #block: Buffer | undefined;
  #blockStream = 0;
  #blockEnds = false;
  /** Whether it is the request of a promise: read for what it puts into the table, and told to nobody. */
  #promised = false;

  /** `client`: the connection's preface comes first. */
  constructor(events: Http2Events, client: boolean) {
    this.#events = events;
    this.#skip = client ? PREFACE : 0;
  }

  /** Takes what comes next. False when it cannot be understood: nothing more can be. */
  take(bytes: Uint8Array, from: number, end: number): boolean {
    let at = from;
    while (at < end) {
      const passed = Math.min(this.#skip, end - at);
      this.#skip -= passed;
      at += passed;
      if (at >= end) break;
      const missing = this.#wanted - this.#held.length;
      const taken = Math.min(missing, end - at);
      const piece = Buffer.from(bytes.buffer, bytes.byteOffset + at, taken);
      at += taken;
      // What is there as a whole is read in place.
      const whole = this.#held.length === 0 && taken === missing ? piece : Buffer.concat([this.#held, piece]);
      this.#held = taken < missing ? whole : NOTHING;
      if (taken < missing) break;
      if (!(this.#inPayload ? this.#payload(whole) : this.#head(whole))) return false;
    }
    return true;
  }

  /** So many bytes were not captured. False when they were needed. */
  miss(count: number): boolean {
    if (count > this.#skip) return false;
    this.#skip -= count;
    return true;
  }

  #head(head: Buffer): boolean {
    const length = (u8(head, 0) << 16) | u16(head, 1);
    [this.#kind, this.#flags, this.#stream] = [u8(head, 3), u8(head, 4), u32(head, 5) & 0x7fff_ffff];
    const isBlock = this.#kind === HEADERS || this.#kind === PUSH_PROMISE || this.#kind === CONTINUATION;
    // Nothing may come between the frames of a header block (§6.10).
    if (this.#block !== undefined && (this.#kind !== CONTINUATION || this.#stream !== this.#blockStream)) return false;
    const read = isBlock || this.#kind === RST_STREAM || this.#kind === GOAWAY;
    if (!read) {
      this.#skip = length;
      return true;
    }
    if (length > LONGEST) return false;
    if (length === 0) return this.#payload(head.subarray(0, 0));
    this.#inPayload = true;
    this.#wanted = length;
    return true;
  }

  #payload(bytes: Buffer): boolean {
    this.#inPayload = false;
    this.#wanted = HEAD;
    switch (this.#kind) {
      case RST_STREAM:
        if (bytes.length !== 4) return false;
        this.#events.reset(this.#stream, u32(bytes, 0));
        return true;
      case GOAWAY:
        if (bytes.length < 8) return false;
        this.#events.goaway(u32(bytes, 4));
        return true;
      case HEADERS:
      case PUSH_PROMISE: {
        this.#promised = this.#kind === PUSH_PROMISE;
        const padding = (this.#flags & PADDED) === 0 ? 0 : bytes.length === 0 ? 1 : u8(bytes, 0);
        const from = ((this.#flags & PADDED) === 0 ? 0 : 1) + (this.#promised ? 4 : (this.#flags & PRIORITY) === 0 ? 0 : 5);
        if (from + padding > bytes.length) return false;
        this.#block = bytes.subarray(from, bytes.length - padding);
        // The packet's bytes are overwritten by the next one.
        if ((this.#flags & END_HEADERS) === 0) this.#block = Buffer.from(this.#block);
        this.#blockStream = this.#stream;
        this.#blockEnds = (this.#flags & END_STREAM) !== 0;
        return this.#ended();
      }
      default:
        if (this.#block === undefined || this.#block.length + bytes.length > LONGEST) return false;
        this.#block = Buffer.concat([this.#block, bytes]);
        return this.#ended();
    }
  }

  #ended(): boolean {
    if ((this.#flags & END_HEADERS) === 0) return true;
    const block = this.#block ?? NOTHING;
    this.#block = undefined;
    const fields = this.#hpack.decode(block, 0, block.length);
    if (fields === undefined) return false;
    if (!this.#promised) this.#events.headers(this.#stream, fields, this.#blockEnds);
    return true;
  }
}
