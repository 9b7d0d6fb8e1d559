/**
 * HMAC-SHA256 (RFC 2104) from one-shot hashes: `createHmac` sets up a key object and a stream for
 * every call, which was a fifth of an agent's CPU time.
 */
import { hash } from 'node:crypto';

/** Block size of SHA-256. */
const BLOCK = 64;
const DIGEST = 32;
/** Longest input; messages are shorter. */
const MAX_INPUT = 1_024;

/** SHA-256 of some bytes. */
export function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}

export class Hmac {
  /** The inner key block with room for the input behind it. */
  readonly #inner = Buffer.alloc(BLOCK + MAX_INPUT, 0x36);
  /** The outer key block with room for the inner digest behind it. */
  readonly #outer = Buffer.alloc(BLOCK + DIGEST, 0x5c);

  constructor(key: Uint8Array) {
    const block = key.length > BLOCK ? sha256(key) : key;
    block.forEach((byte, i) => {
      this.#inner[i] = byte ^ 0x36;
      this.#outer[i] = byte ^ 0x5c;
    });
  }

  /** The HMAC of up to 1,024 bytes. Errors: RangeError for more. */
  of(bytes: Uint8Array): Buffer {
    if (bytes.length > MAX_INPUT) throw new RangeError(`${bytes.length} bytes are too many for a message`);
    this.#inner.set(bytes, BLOCK);
    this.#outer.set(sha256(this.#inner.subarray(0, BLOCK + bytes.length)), BLOCK);
    return sha256(this.#outer);
  }
}
