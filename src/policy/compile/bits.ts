/** Sets of small whole numbers as bits in words. Functions that end in `Into` change their first argument. */

export type Bits = Uint32Array;

export const noBits = (size: number): Bits => new Uint32Array((size + 31) >>> 5);

/** The set of 0 … size − 1, with room for more. */
export function allBits(size: number, room = size): Bits {
  const bits = noBits(room).fill(0xffff_ffff, 0, (size + 31) >>> 5);
  if ((size & 31) !== 0) bits[size >>> 5] = (1 << (size & 31)) - 1;
  return bits;
}

export function setBit(bits: Bits, index: number): void {
  bits[index >>> 5]! |= 1 << (index & 31);
}

export const hasBit = (bits: Bits, index: number): boolean => (bits[index >>> 5]! & (1 << (index & 31))) !== 0;

/** Members of both; the sets have the same size. */
export function both(a: Bits, b: Bits): Bits {
  const made = new Uint32Array(a.length);
  for (let at = 0; at < made.length; at += 1) made[at] = a[at]! & b[at]!;
  return made;
}

/** Members of a that are not in b. */
export function without(a: Bits, b: Bits): Bits {
  const made = new Uint32Array(a.length);
  for (let at = 0; at < made.length; at += 1) made[at] = a[at]! & ~b[at]!;
  return made;
}

export function addInto(a: Bits, b: Bits): void {
  for (let at = 0; at < a.length; at += 1) a[at]! |= b[at]!;
}

/** Takes the members of b from a. */
export function takeFrom(a: Bits, b: Bits): void {
  for (let at = 0; at < a.length; at += 1) a[at]! &= ~b[at]!;
}

export function meets(a: Bits, b: Bits): boolean {
  for (let at = 0; at < a.length; at += 1) if ((a[at]! & b[at]!) !== 0) return true;
  return false;
}

export function isEmpty(bits: Bits): boolean {
  for (const word of bits) if (word !== 0) return false;
  return true;
}

export function countBits(bits: Bits): number {
  let count = 0;
  for (let word of bits) for (; word !== 0; word &= word - 1) count += 1;
  return count;
}

/** Calls with each member, ascending. */
export function eachBit(bits: Bits, take: (index: number) => void): void {
  for (let at = 0; at < bits.length; at += 1) {
    for (let word = bits[at]!; word !== 0; word &= word - 1) take((at << 5) + 31 - Math.clz32(word & -word));
  }
}

export function bitsOf(size: number, members: Iterable<number>): Bits {
  const bits = noBits(size);
  for (const member of members) setBit(bits, member);
  return bits;
}

export function membersOf(bits: Bits): number[] {
  const members: number[] = [];
  eachBit(bits, (index) => members.push(index));
  return members;
}

/** The smallest member; −1 of the empty set. */
export function firstBit(bits: Bits): number {
  for (let at = 0; at < bits.length; at += 1) {
    const word = bits[at]!;
    if (word !== 0) return (at << 5) + 31 - Math.clz32(word & -word);
  }
  return -1;
}
