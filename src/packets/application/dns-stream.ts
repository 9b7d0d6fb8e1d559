/** DNS over TCP: messages with their length before them (RFC 1035 §4.2.2). */
import { u16 } from '../read/bytes.ts';
import type { Taker } from './in-order.ts';

/** Of a message so many bytes are read: the question stands at its beginning. */
const READ = 600;

export class DnsStream implements Taker {
  readonly #message: (bytes: Uint8Array, at: number, end: number) => void;
  #held: Buffer = Buffer.alloc(0);
  #skip = 0;

  constructor(message: (bytes: Uint8Array, at: number, end: number) => void) {
    this.#message = message;
  }

  take(bytes: Uint8Array, from: number, end: number): boolean {
    let at = from + Math.min(this.#skip, end - from);
    this.#skip -= at - from;
    while (at < end) {
      const length = this.#held.length < 2 ? 2 : 2 + u16(this.#held, 0);
      const wanted = Math.min(length, 2 + READ);
      const taken = Math.min(wanted - this.#held.length, end - at);
      this.#held = Buffer.concat([this.#held, bytes.subarray(at, at + taken)]);
      at += taken;
      if (this.#held.length < wanted || length === 2) continue;
      this.#message(this.#held, 2, this.#held.length);
      this.#held = Buffer.alloc(0);
      this.#skip = Math.min(length - wanted, end - at);
      at += this.#skip;
      this.#skip = length - wanted - this.#skip;
    }
    return true;
  }

  miss(count: number): boolean {
    if (count > this.#skip) return false;
    this.#skip -= count;
    return true;
  }
}
