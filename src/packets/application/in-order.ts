/** Puts the segments of one direction of a connection in order, as far as they were captured, and hands each byte on once. */

export interface Taker {
  /** What comes next; false when it cannot be understood. */
  take(bytes: Uint8Array, from: number, end: number): boolean;
  /** So many bytes were not captured; false when it cannot go on without them. */
  miss(count: number): boolean;
}

interface Early { seq: number; bytes: Uint8Array; /** Bytes on the wire. */ length: number }

/** Bytes that wait for a segment before them, and segments. */
const [BYTES, SEGMENTS] = [32_768, 64];

export class InOrder {
  readonly #taker: Taker;
  #next: number;
  #early: Early[] = [];
  #waiting = 0;

  /** `next`: the sequence number that comes next. */
  constructor(taker: Taker, next: number) {
    this.#taker = taker;
    this.#next = next;
  }

  /** A segment of `length` bytes, of which those in [from, end) were captured. False when nothing more can be understood. */
  segment(seq: number, bytes: Uint8Array, from: number, end: number, length: number): boolean {
    const ahead = (seq - this.#next) | 0;
    if (ahead <= 0) {
      if (!this.#take(seq, bytes, from, end, length)) return false;
      return this.#early.length === 0 || this.#drain();
    }
    if (this.#early.length < SEGMENTS && this.#waiting + (end - from) <= BYTES) {
      this.#early.push({ seq, bytes: Uint8Array.from(bytes.subarray(from, end)), length });
      this.#waiting += end - from;
      return true;
    }
    // What is missing was not captured: it goes on behind the hole.
    if (this.#early.length > 0) return this.#jump() && this.segment(seq, bytes, from, end, length);
    this.#next = seq;
    return this.#taker.miss(ahead) && this.#take(seq, bytes, from, end, length);
  }

  /** Whether segments wait for one before them. */
  get waits(): boolean {
    return this.#early.length > 0;
  }

  #take(seq: number, bytes: Uint8Array, from: number, end: number, length: number): boolean {
    const known = (this.#next - seq) | 0;
    // Half of all numbers away is neither before nor behind.
    if (known >= length || known < 0) return true;
    const start = Math.min(end, from + known);
    this.#next = (seq + length) | 0;
    if (start < end && !this.#taker.take(bytes, start, end)) return false;
    const missing = length - Math.max(known, end - from);
    return missing <= 0 || this.#taker.miss(missing);
  }

  /** Takes what has its turn by now. */
  #drain(): boolean {
    for (;;) {
      const at = this.#early.findIndex(({ seq }) => ((seq - this.#next) | 0) <= 0);
      if (at < 0) return true;
      const [early] = this.#early.splice(at, 1) as [Early];
      this.#waiting -= early.bytes.length;
      if (!this.#take(early.seq, early.bytes, 0, early.bytes.length, early.length)) return false;
    }
  }

  #jump(): boolean {
    const nearest = this.#early.reduce((least, { seq }) => Math.min(least, (seq - this.#next) | 0), Infinity);
    this.#next = (this.#next + nearest) | 0;
    return this.#taker.miss(nearest) && this.#drain();
  }
}
