/** Cuts both address families where some block begins or ends: addresses that lie in the same blocks are alike. */
import type { Prefix } from '../../net/prefix.ts';
import { blockText, type Address, type Block } from '../model/block.ts';

export interface AddressRange {
  width: 32 | 128;
  from: bigint;
  to: bigint;
}

export interface AddressClass {
  ranges: AddressRange[];
  /** Texts of the blocks (blockText) that contain its addresses. */
  blocks: ReadonlySet<string>;
}

const endOf = ({ network, length, width }: Prefix): bigint => network + (1n << BigInt(width - length)) - 1n;

interface Interval extends AddressRange {
  class: number;
}

export class AddressSpace {
  readonly classes: AddressClass[] = [];
  readonly #intervals: Record<32 | 128, Interval[]> = { 32: [], 128: [] };
  readonly #blocks: Map<string, Block>;

  constructor(blocks: Iterable<Block>) {
    this.#blocks = new Map([...blocks].map((block) => [blockText(block), block]));
    const ids = new Map<string, number>();
    for (const width of [32, 128] as const) this.#cut(width, [...this.#blocks].filter(([, block]) => block.cidr.width === width), ids);
  }

  /**
   * Cuts where other blocks begin and end, too. Classes keep their numbers, of those that are cut one part does; the others
   * come behind the last: for each of them, the class that it was a part of.
   */
  refine(blocks: Iterable<Block>): number[] {
    const fresh = [...blocks].filter((block) => !this.#blocks.has(blockText(block)));
    if (fresh.length === 0) return [];
    for (const block of fresh) this.#blocks.set(blockText(block), block);
    const finer = new AddressSpace(this.#blocks.values());
    const parents: number[] = [];
    const [kept, before] = [new Set<number>(), this.classes.length];
    const numbers = finer.classes.map((one) => {
      const [{ from: value, width }] = one.ranges as [AddressRange];
      const parent = this.classOf({ value, width });
      if (!kept.has(parent)) {
        kept.add(parent);
        return parent;
      }
      parents.push(parent);
      return before + parents.length - 1;
    });
    numbers.forEach((number, index) => void (this.classes[number] = finer.classes[index]!));
    for (const width of [32, 128] as const) this.#intervals[width] = finer.#intervals[width].map((one) => ({ ...one, class: numbers[one.class]! }));
    return parents;
  }

  #cut(width: 32 | 128, blocks: readonly (readonly [string, Block])[], ids: Map<string, number>): void {
    const last = (1n << BigInt(width)) - 1n;
    const cuts = new Set([0n]);
    const opens = new Map<bigint, string[]>();
    const closes = new Map<bigint, string[]>();
    const push = (map: Map<bigint, string[]>, at: bigint, text: string): void => {
      if (at > last) return;
      cuts.add(at);
      map.set(at, [...(map.get(at) ?? []), text]);
    };
    // A block is a cidr counted once, less its exceptions, each of which may hold others.
    for (const [text, block] of blocks) {
      push(opens, block.cidr.network, text);
      push(closes, endOf(block.cidr) + 1n, text);
      for (const except of block.except) {
        push(opens, except.network, `!${text}`);
        push(closes, endOf(except) + 1n, `!${text}`);
      }
    }
    const depth = new Map<string, number>();
    const change = (texts: readonly string[] | undefined, by: number): void => {
      for (const text of texts ?? []) {
        const count = (depth.get(text) ?? 0) + by;
        if (count === 0) depth.delete(text);
        else depth.set(text, count);
      }
    };
    const starts = [...cuts].toSorted((a, b) => (a < b ? -1 : 1));
    starts.forEach((from, index) => {
      change(closes.get(from), -1);
      change(opens.get(from), 1);
      const inside = [...depth].filter(([text, count]) => count > 0 && !text.startsWith('!') && (depth.get(`!${text}`) ?? 0) === 0).map(([text]) => text).toSorted();
      // The families are kept apart even where no block tells them apart.
      const key = `${width} ${inside.join('|')}`;
      const id = ids.get(key) ?? this.classes.length;
      if (id === this.classes.length) {
        ids.set(key, id);
        this.classes.push({ ranges: [], blocks: new Set(inside) });
      }
      const range = { width, from, to: (starts[index + 1] ?? last + 1n) - 1n };
      const ranges = this.classes[id]!.ranges;
      const before = ranges.at(-1);
      if (before !== undefined && before.width === width && before.to === from - 1n) before.to = range.to;
      else ranges.push({ ...range });
      this.#intervals[width].push({ ...range, class: id });
    });
  }

  /** The number of the class of an address. */
  classOf({ value, width }: Address): number {
    const intervals = this.#intervals[width];
    let [low, high] = [0, intervals.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (intervals[middle]!.from <= value) low = middle;
      else high = middle - 1;
    }
    return intervals[low]!.class;
  }
}
