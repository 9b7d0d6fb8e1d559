/** Where packets were captured: a file's interface, and in captures of `any` the interface that each packet names. */
import { LinkType } from './decode/decoder.ts';
import { i32 } from './read/bytes.ts';

export interface Point { file: string; linkType: number; name: string; packets: number; /** Times of its first and last packet. */ first: number; last: number }

/** Interfaces that a file may have before the rest shares one. */
const MOST = 1024;

export class Points {
  readonly all: Point[] = [];
  readonly #byIndex = new Map<number, number>();

  add(file: string, linkType: number, name: string | undefined): number {
    if (this.all.length >= MOST) return MOST - 1;
    // What a file calls its devices is shown on terminals.
    return this.all.push({ file, linkType, name: (name ?? '').replace(/\p{Cc}/gu, '.'), packets: 0, first: Infinity, last: -Infinity }) - 1;
  }

  /** A point's name for people: the interface, and the file where there are several. */
  text(point: number): string {
    const one = this.all[point] as Point;
    const several = this.all.some(({ file }) => file !== one.file);
    return one.name === '' ? one.file : several ? `${one.name} of ${one.file}` : one.name;
  }

  /** When the file of a point began and ended. */
  period(point: number): { first: number; last: number } {
    const same = this.all.filter(({ file }) => file === this.all[point]?.file);
    return { first: Math.min(...same.map(({ first }) => first)), last: Math.max(...same.map(({ last }) => last)) };
  }

  /** The point of a packet of the file's interface `point`; cooked v2 tells the device's index in every packet, `names` how it is called. */
  of(point: number, bytes: Uint8Array, at: number, captured: number, names: Readonly<Record<string, string>>): number {
    const base = this.all[point] as Point;
    if (base.linkType !== LinkType.cooked2 || captured < 20) return point;
    const index = i32(bytes, at + 4);
    const key = point * 2 ** 32 + (index >>> 0);
    let found = this.#byIndex.get(key);
    if (found === undefined) {
      if (this.all.length >= MOST) return MOST - 1;
      found = this.add(base.file, LinkType.cooked2, names[index] ?? `${base.name === '' ? '' : `${base.name}, `}interface ${index}`);
      this.#byIndex.set(key, found);
    }
    return found;
  }
}
