/** DNS over TCP: messages with their length before them (RFC 1035 §4.2.2). */
import { u16 } from '../read/bytes.ts';
import type { Taker } from './in-order.ts';

/** Of a message so many bytes are read: the question stands at its beginning. */
const READ = 600;
const NOTHING = Buffer.alloc(0);

export class DnsStream implements Taker {
  readonly #message: (bytes: Uint8Array, at: number, end: number) => void;
  #held: Buffer = NOTHING;
  #skip = 0;

  constructor(message: (bytes: Uint8Array, at: number, end: number) => void) {
    this.#message = message;
  }

  take(bytes: Uint8Array, from: number, end: number): boolean {
    let at = from + Math.min(this.#skip, end - from);
    this.#skip -= at - from;
    while (at < end) {
      const wanted = this.#held.length < 2 ? 2 : Math.min(u16(this.#held, 0), READ) + 2;
      const taken = Math.min(wanted - this.#held.length, end - at);
      this.#held = Buffer.concat([this.#held, bytes.subarray(at, at + taken)]);
      at += taken;
      if (this.#held.length < 2) break;
      const length = u16(this.#held, 0);
      if (this.#held.length < Math.min(length, READ) + 2) continue;
      // A message of no bytes is none, and is passed over.
      if (length > 0) this.#message(this.#held, 2, this.#held.length);
      const rest = length - (this.#held.length - 2);
      this.#held = NOTHING;
      const passed = Math.min(rest, end - at);
      at += passed;
      this.#skip = rest - passed;
    }
    return true;
  }

  miss(count: number): boolean {
    if (count > this.#skip) return false;
    this.#skip -= count;
    return true;
  }
}
