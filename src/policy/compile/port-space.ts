/** Cuts the ports of every protocol where some rule begins or ends: between two cuts all ports are alike. */
import { LAST_PORT, PROTOCOLS, TRANSPORTS, type PortItem, type PortMatch, type Protocol } from '../model/ports.ts';
import { bitsOf, noBits, setBit, without, type Bits } from './bits.ts';
import { FULL, SetTable, type SetId } from './set-table.ts';

/** A named port of a destination. */
export interface NamedPort {
  name: string;
  protocol: string;
  port: number;
}

export interface PortRange {
  protocol: Protocol;
  from: number;
  to: number;
}

/** A protocol's atoms in the order of their ports: `starts[i]` is the first port of the atom with number `atoms[i]`. */
interface Segment {
  protocol: Protocol;
  starts: number[];
  atoms: number[];
}

/** Where in its segment a port's atom stands. */
function indexAt({ starts }: Segment, port: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle]! <= port) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where items begin and end, by protocol. */
function cutsOf(items: Iterable<PortRange>): Map<Protocol, Set<number>> {
  const cuts = new Map<Protocol, Set<number>>();
  for (const { protocol, from, to } of items) {
    const own = cuts.get(protocol) ?? new Set();
    cuts.set(protocol, own.add(from));
    if (to < LAST_PORT) own.add(to + 1);
  }
  return cuts;
}

export class PortSpace {
  readonly sets: SetTable;
  /** The atoms of TCP, UDP and SCTP, which listings are about. */
  readonly transports: SetId;
  readonly #segments = new Map<Protocol, Segment>();
  readonly #known = new Map<string, SetId>();

  /** @param items everything that rules name, names already resolved in every way that any destination resolves them */
  constructor(items: Iterable<PortRange>) {
    const cuts = cutsOf(items);
    let first = 0;
    for (const protocol of PROTOCOLS) {
      const starts = [...new Set([0, ...(cuts.get(protocol) ?? [])])].toSorted((a, b) => a - b);
      this.#segments.set(protocol, { protocol, starts, atoms: starts.map((_, index) => first + index) });
      first += starts.length;
    }
    this.sets = new SetTable(first);
    this.transports = this.setOf({ include: TRANSPORTS.map((protocol) => ({ protocol, from: 0, to: LAST_PORT })), exclude: [] }, []);
  }

  /** Cuts where other items begin and end, too. All sets keep their numbers. */
  refine(items: Iterable<PortRange>): void {
    const parents: number[] = [];
    for (const [protocol, cuts] of cutsOf(items)) {
      const segment = this.#segments.get(protocol)!;
      for (const cut of cuts) {
        const index = indexAt(segment, cut);
        if (segment.starts[index] === cut) continue;
        // An atom that this very call made is in the sets of the one that it was cut from.
        const parent = segment.atoms[index]!;
        segment.starts.splice(index + 1, 0, cut);
        segment.atoms.splice(index + 1, 0, this.sets.size + parents.length);
        parents.push(parent < this.sets.size ? parent : parents[parent - this.sets.size]!);
      }
    }
    if (parents.length > 0) this.sets.split(parents);
  }

  /** The atom of one port. */
  atom(protocol: Protocol, port: number): number {
    const segment = this.#segments.get(protocol)!;
    return segment.atoms[indexAt(segment, port)]!;
  }

  /** The first port of an atom. */
  first(atom: number): { protocol: Protocol; port: number } {
    for (const { protocol, starts, atoms } of this.#segments.values()) {
      const index = atoms.indexOf(atom);
      if (index >= 0) return { protocol, port: starts[index]! };
    }
    throw new Error(`there is no atom ${atom}`);
  }

  #mark(bits: Bits, item: PortItem, named: readonly NamedPort[]): void {
    const segment = this.#segments.get(item.protocol)!;
    const ranges = 'name' in item ? named.filter((one) => one.name === item.name && one.protocol === item.protocol).map(({ port }) => ({ from: port, to: port })) : [item];
    for (const { from, to } of ranges) {
      for (let index = indexAt(segment, from); index <= indexAt(segment, to); index += 1) setBit(bits, segment.atoms[index]!);
    }
  }

  /** The atoms of a rule's ports at a destination with these named ports. */
  setOf({ include, exclude }: PortMatch, named: readonly NamedPort[]): SetId {
    if (include === 'any' && exclude.length === 0) return FULL;
    const text = (items: readonly PortItem[]): string => items.map((item) => ('name' in item ? `${item.protocol}:${item.name}:${named.filter((one) => one.name === item.name && one.protocol === item.protocol).map((one) => one.port).join()}` : `${item.protocol}:${item.from}-${item.to}`)).join();
    const key = `${include === 'any' ? 'any' : text(include)}!${text(exclude)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const size = this.sets.size;
    const included = include === 'any' ? bitsOf(size, Array.from({ length: size }, (_, index) => index)) : noBits(size);
    if (include !== 'any') for (const item of include) this.#mark(included, item, named);
    const excluded = noBits(size);
    for (const item of exclude) this.#mark(excluded, item, named);
    const made = this.sets.intern(without(included, excluded));
    this.#known.set(key, made);
    return made;
  }

  /** The ports of a set, neighbouring atoms joined. */
  rangesOf(id: SetId): PortRange[] {
    const ranges: PortRange[] = [];
    for (const { protocol, starts, atoms } of this.#segments.values()) {
      starts.forEach((from, index) => {
        if (!this.sets.has(id, atoms[index]!)) return;
        const to = (starts[index + 1] ?? LAST_PORT + 1) - 1;
        const last = ranges.at(-1);
        if (last?.protocol === protocol && last.to === from - 1) last.to = to;
        else ranges.push({ protocol, from, to });
      });
    }
    return ranges;
  }
}
