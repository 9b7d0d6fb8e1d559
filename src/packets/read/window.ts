/** A window that slides over a stream of bytes: records are read in place, only what is left of a cut one is moved. */
import type { ByteSource } from './source.ts';

/** Of the window, in bytes: far above the largest record, small enough to stay flat in memory. */
const SIZE = 2 << 20;

export class Window {
  readonly bytes: Buffer;
  /** Where the unread part begins and ends in `bytes`. */
  at = 0;
  end = 0;
  /** Why the stream ended early, such as a compressed file that is cut; undefined when it just ended. */
  broken: string | undefined;
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  #passed = 0;
  #over = false;

  constructor(source: ByteSource, size = SIZE, signal?: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  /** Bytes of the (uncompressed) stream before `at`. */
  get position(): number {
    return this.#passed + this.at;
  }

  /** Whether `count` bytes are there from `at`, after reading on if need be. `count` may be at most the window's size. */
  async have(count: number): Promise<boolean> {
    if (this.end - this.at >= count) return true;
    this.bytes.copyWithin(0, this.at, this.end);
    this.#passed += this.at;
    this.end -= this.at;
    this.at = 0;
    while (!this.#over && this.end < count) {
      if (this.#signal?.aborted === true) {
        this.#over = true;
        this.broken = 'interrupted';
        break;
      }
      const read = await this.#source.read(this.bytes, this.end);
      if (read === 0) {
        this.#over = true;
        this.broken = this.#source.broken;
      }
      this.end += read;
    }
    return this.end >= count;
  }

  /** Passes over `count` bytes, of any number, without keeping them. False when the stream ends before. */
  async skip(count: number): Promise<boolean> {
    let left = count;
    while (left > this.end - this.at) {
      left -= this.end - this.at;
      this.at = this.end;
      if (!(await this.have(1))) return false;
    }
    this.at += left;
    return true;
  }
}
