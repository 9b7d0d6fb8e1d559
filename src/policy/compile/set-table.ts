/** Sets of port atoms by number, so that equal sets are one number and operations on them are looked up. */
import { addInto, allBits, both, hasBit, isEmpty, noBits, setBit, without, type Bits } from './bits.ts';

/** A set's number in its table. */
export type SetId = number;

/** The empty set has number 0, the full one 1 (also where there are no atoms, so that they differ). */
export const EMPTY: SetId = 0;
export const FULL: SetId = 1;

type Operation = 'and' | 'or' | 'minus';

export class SetTable {
  #size: number;
  readonly #sets: Bits[] = [];
  readonly #ids = new Map<string, SetId>();
  readonly #known: Record<Operation, Map<number, SetId>> = { and: new Map(), or: new Map(), minus: new Map() };

  /** @param size how many atoms there are */
  constructor(size: number) {
    this.#size = size;
    this.intern(noBits(size));
    this.intern(allBits(size));
  }

  /** How many atoms there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * Cuts atoms in two: each new atom is in the sets that the given one is in. What is known of sets stays true, because
   * no operation can tell the two parts apart.
   */
  split(atoms: readonly number[]): void {
    const words = (this.#size + atoms.length + 31) >>> 5;
    this.#ids.clear();
    this.#sets.forEach((before, id) => {
      const bits = new Uint32Array(words);
      bits.set(before);
      atoms.forEach((atom, index) => {
        if (hasBit(bits, atom)) setBit(bits, this.#size + index);
      });
      this.#sets[id] = bits;
      this.#ids.set(bits.join(), id);
    });
    this.#size += atoms.length;
  }

  intern(bits: Bits): SetId {
    const key = bits.join();
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#ids.set(key, this.#sets.length);
    this.#sets.push(bits);
    return this.#sets.length - 1;
  }

  bits(id: SetId): Bits {
    return this.#sets[id]!;
  }

  has(id: SetId, atom: number): boolean {
    return hasBit(this.#sets[id]!, atom);
  }

  isEmpty(id: SetId): boolean {
    return isEmpty(this.#sets[id]!);
  }

  #compute(operation: Operation, a: SetId, b: SetId): SetId {
    const [x, y] = [this.bits(a), this.bits(b)];
    if (operation === 'and') return this.intern(both(x, y));
    if (operation === 'minus') return this.intern(without(x, y));
    const made = x.slice();
    addInto(made, y);
    return this.intern(made);
  }

  #look(operation: Operation, a: SetId, b: SetId): SetId {
    // Numbers of sets stay far below 2^26, so that the key is exact.
    const key = a * 0x400_0000 + b;
    const known = this.#known[operation].get(key);
    if (known !== undefined) return known;
    const made = this.#compute(operation, a, b);
    this.#known[operation].set(key, made);
    return made;
  }

  and(a: SetId, b: SetId): SetId {
    if (a === b || b === FULL) return a;
    return a === FULL ? b : a === EMPTY || b === EMPTY ? EMPTY : this.#look('and', a, b);
  }

  or(a: SetId, b: SetId): SetId {
    if (a === b || b === EMPTY) return a;
    return a === EMPTY ? b : a === FULL || b === FULL ? FULL : this.#look('or', a, b);
  }

  minus(a: SetId, b: SetId): SetId {
    if (a === b || a === EMPTY || b === FULL) return EMPTY;
    return b === EMPTY ? a : this.#look('minus', a, b);
  }
}
