/** IPv6 addresses by number: 128 bits become a small integer, so that a flow's key is the same four words for both families. */
import { i32, u16, u32 } from '../read/bytes.ts';

/** Addresses that are told apart: 24 MB. What is beyond shares one number, and the report says so. */
const CAPACITY = 1 << 20;

export class AddressBook {
  /** Met after the book was full. */
  missed = 0;
  #words = new Int32Array(4 * 1024);
  #next = new Int32Array(1024);
  #heads = new Int32Array(4096).fill(-1);
  #count = 0;
  readonly #capacity: number;

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  /** The number of the address that stands at `at`. */
  number(bytes: Uint8Array, at: number): number {
    const [a, b, c, d] = [i32(bytes, at), i32(bytes, at + 4), i32(bytes, at + 8), i32(bytes, at + 12)];
    const bucket = this.#bucket(a, b, c, d);
    const words = this.#words;
    for (let entry = this.#heads[bucket] as number; entry >= 0; entry = this.#next[entry] as number) {
      if (words[4 * entry + 3] === d && words[4 * entry + 2] === c && words[4 * entry + 1] === b && words[4 * entry] === a) return entry;
    }
    if (this.#count === this.#capacity) {
      this.missed++;
      return this.#capacity;
    }
    return this.#add(a, b, c, d);
  }

  /** The address as RFC 5952 writes it. */
  text(number: number): string {
    if (number >= this.#count) return '(one of too many IPv6 addresses)';
    const groups = Array.from({ length: 8 }, (_, at) => ((this.#words[4 * number + (at >> 1)] as number) >>> (at % 2 === 0 ? 16 : 0)) & 0xffff);
    let [best, size] = [-1, 1];
    for (let from = 0; from < 8; from++) {
      let to = from;
      while (to < 8 && groups[to] === 0) to++;
      if (to - from > size) [best, size] = [from, to - from];
    }
    const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
    return best < 0 ? hex(groups) : `${hex(groups.slice(0, best))}::${hex(groups.slice(best + size))}`;
  }

  #bucket(a: number, b: number, c: number, d: number): number {
    const mixed = Math.imul(a ^ Math.imul(b, 0x9e3779b1) ^ Math.imul(c, 0x85ebca6b) ^ Math.imul(d, 0xc2b2ae35), 0x27d4eb2f);
    return (mixed ^ (mixed >>> 15)) & (this.#heads.length - 1);
  }

  #add(a: number, b: number, c: number, d: number): number {
    const entry = this.#count++;
    if (entry === this.#next.length) this.#grow();
    this.#words.set([a, b, c, d], 4 * entry);
    const bucket = this.#bucket(a, b, c, d);
    this.#next[entry] = this.#heads[bucket] as number;
    this.#heads[bucket] = entry;
    return entry;
  }

  #grow(): void {
    const size = this.#next.length * 2;
    const words = new Int32Array(4 * size);
    words.set(this.#words);
    this.#words = words;
    this.#next = new Int32Array(size);
    this.#heads = new Int32Array(4 * size).fill(-1);
    for (let entry = 0; entry < size / 2; entry++) {
      const bucket = this.#bucket(words[4 * entry] as number, words[4 * entry + 1] as number, words[4 * entry + 2] as number, words[4 * entry + 3] as number);
      this.#next[entry] = this.#heads[bucket] as number;
      this.#heads[bucket] = entry;
    }
  }
}

/** An IPv4 address in its usual form. */
export function ipv4Text(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 0xff}.${(address >>> 8) & 0xff}.${address & 0xff}`;
}

/** A MAC address that stands at `at`. */
export function macText(bytes: Uint8Array, at: number): string {
  return macOfNumber(macNumber(bytes, at));
}

/** The same as a number of 48 bits, which costs nothing to make. */
export function macNumber(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 2 ** 32 + u32(bytes, at + 2);
}

export function macOfNumber(mac: number): string {
  return mac.toString(16).padStart(12, '0').replace(/..(?=.)/g, '$&:');
}
