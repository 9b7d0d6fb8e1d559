/** Expressions over endpoints as sets of classes: those that match in any case, and those that may. */
import { blockText, type Block } from '../model/block.ts';
import type { LabelsOf, Match } from '../model/match.ts';
import type { Enforcer } from '../enforcers/enforcer.ts';
import type { AddressSpace } from './address-space.ts';
import { addInto, allBits, bitsOf, both, noBits, setBit, without, type Bits } from './bits.ts';
import { holds, type Universe } from './universe.ts';

/** `must` is part of `may`; where nothing is uncertain they are the same object. */
export interface Extent {
  must: Bits;
  may: Bits;
  /** The members of `may`, ascending, where few are known to be in it. */
  few?: readonly number[];
}

const certain = (bits: Bits): Extent => ({ must: bits, may: bits });

export class Evaluator {
  readonly #universe: Universe;
  readonly #space: AddressSpace;
  readonly #enforcer: Enforcer;
  readonly #known = new Map<Match, Extent>();
  /** Classes by label value, for each key that was asked for. */
  readonly #byLabel = new Map<string, Map<string, number[]>>();
  readonly #byNamespace = new Map<string, number[]>();
  readonly #byBlock = new Map<string, Extent>();
  readonly #byKind = new Map<string, Extent>();

  constructor(universe: Universe, space: AddressSpace, enforcer: Enforcer) {
    this.#universe = universe;
    this.#space = space;
    this.#enforcer = enforcer;
    universe.classes.forEach(({ namespace }, index) => {
      if (namespace === undefined) return;
      const classes = this.#byNamespace.get(namespace);
      if (classes === undefined) this.#byNamespace.set(namespace, [index]);
      else classes.push(index);
    });
  }

  /** The classes that an expression matches. */
  extent(match: Match): Extent {
    const known = this.#known.get(match);
    if (known !== undefined) return known;
    const made = this.#compute(match);
    this.#known.set(match, made);
    return made;
  }

  /** Every set that was computed so far. */
  *sets(): Generator<Bits> {
    for (const known of [this.#known, this.#byBlock, this.#byKind]) {
      for (const { must, may } of known.values()) {
        yield must;
        yield may;
      }
    }
  }

  #compute(match: Match): Extent {
    const { size, room } = this.#universe;
    switch (match.op) {
      case 'all': return certain(allBits(size, room));
      case 'none': return certain(noBits(room));
      case 'unknown': return { must: noBits(room), may: allBits(size, room) };
      case 'namespace': return certain(bitsOf(room, this.#byNamespace.get(match.name) ?? []));
      case 'account': return certain(this.#where((index) => match.names.includes(this.#universe.classes[index]!.account ?? '')));
      case 'kind': return this.#kind(match);
      case 'label': return certain(bitsOf(room, match.values.flatMap((value) => this.#labels(match.on, match.key).get(value) ?? [])));
      case 'has': return certain(bitsOf(room, [...this.#labels(match.on, match.key).values()].flat()));
      case 'text': return certain(bitsOf(room, [...this.#labels(match.on, match.key)].filter(([value]) => textMatches(value, match.how, match.text)).flatMap(([, classes]) => classes)));
      case 'block': return this.#block(match.block);
      case 'not': {
        const { must, may } = this.extent(match.of);
        const all = allBits(size, room);
        return must === may ? certain(without(all, must)) : { must: without(all, may), may: without(all, must) };
      }
      case 'and':
      case 'or': return this.#combine(match.op, match.of);
    }
  }

  /** The classes that a label or namespace alone leaves; undefined for expressions that do not narrow down. */
  #candidates(match: Match): readonly number[] | undefined {
    if (match.op === 'namespace') return this.#byNamespace.get(match.name) ?? [];
    if (match.op !== 'label') return undefined;
    const [value] = match.values;
    return match.values.length === 1 && value !== undefined ? this.#labels(match.on, match.key).get(value) ?? [] : undefined;
  }

  /** Whether an expression that is never uncertain holds for a class; undefined where it may be. */
  #holds(match: Match, index: number): boolean | undefined {
    const one = this.#universe.classes[index]!;
    switch (match.op) {
      case 'namespace': return one.namespace === match.name;
      case 'label': return match.values.includes(one.labels[match.on][match.key] ?? '\0');
      case 'has': return one.labels[match.on][match.key] !== undefined;
      case 'kind': return one.kind === match.kind ? true : this.#kind(match).may === this.#kind(match).must ? false : undefined;
      case 'not': {
        const inner = this.#holds(match.of, index);
        return inner === undefined ? undefined : !inner;
      }
      case 'account': case 'all': case 'and': case 'block': case 'none': case 'or': case 'text': case 'unknown': return undefined;
    }
  }

  /** Most selectors name a label that few pods have: only these are looked at. Undefined where that does not help. */
  #narrow(of: readonly Match[]): Extent | undefined {
    let fewest: readonly number[] | undefined;
    for (const one of of) {
      const found = this.#candidates(one);
      if (found !== undefined && (fewest === undefined || found.length < fewest.length)) fewest = found;
    }
    if (fewest === undefined || fewest.length * 8 > this.#universe.size) return undefined;
    const few: number[] = [];
    for (const index of fewest) {
      let all = true;
      for (const one of of) {
        const held = this.#holds(one, index);
        if (held === undefined) return undefined;
        all &&= held;
      }
      if (all) few.push(index);
    }
    return { ...certain(bitsOf(this.#universe.room, few)), few };
  }

  #combine(op: 'and' | 'or', of: readonly Match[]): Extent {
    const narrowed = op === 'and' ? this.#narrow(of) : undefined;
    if (narrowed !== undefined) return narrowed;
    const parts = of.map((one) => this.extent(one));
    const join = (pick: (extent: Extent) => Bits): Bits => parts.map(pick).reduce((a, b) => {
      if (op === 'and') return both(a, b);
      const made = a.slice();
      addInto(made, b);
      return made;
    });
    const must = join((one) => one.must);
    return parts.every((one) => one.must === one.may) ? certain(must) : { must, may: join((one) => one.may) };
  }

  #where(holdsFor: (index: number) => boolean): Bits {
    const bits = noBits(this.#universe.room);
    for (let index = 0; index < this.#universe.size; index += 1) if (holdsFor(index)) setBit(bits, index);
    return bits;
  }

  #kind(match: Match & { op: 'kind' }): Extent {
    const key = `${match.kind} ${match.exactly ?? false}`;
    const known = this.#byKind.get(key);
    if (known !== undefined) return known;
    const made = this.#kindExtent(match);
    this.#byKind.set(key, made);
    return made;
  }

  #kindExtent({ kind, exactly }: Match & { op: 'kind' }): Extent {
    const must = this.#where((index) => this.#universe.classes[index]!.kind === kind);
    if (kind !== 'pod' || exactly === true || this.#enforcer.hostNetwork.value === 'exempt') return certain(must);
    const may = this.#where((index) => this.#universe.classes[index]!.kind === 'host' && this.#universe.classes[index]!.pods.length > 0);
    addInto(may, must);
    return { must, may };
  }

  #labels(on: LabelsOf, key: string): Map<string, number[]> {
    const known = this.#byLabel.get(`${on} ${key}`);
    if (known !== undefined) return known;
    const made = new Map<string, number[]>();
    this.#universe.classes.forEach(({ labels }, index) => {
      const value = labels[on][key];
      if (value === undefined) return;
      const classes = made.get(value);
      if (classes === undefined) made.set(value, [index]);
      else classes.push(index);
    });
    this.#byLabel.set(`${on} ${key}`, made);
    return made;
  }

  #block(block: Block): Extent {
    const text = blockText(block);
    const known = this.#byBlock.get(text);
    if (known !== undefined) return known;
    const must = noBits(this.#universe.room);
    const may = noBits(this.#universe.room);
    const ofPods = holds(block, this.#universe.unknownPods);
    const ofNodes = holds(block, this.#universe.unknownHosts);
    this.#universe.classes.forEach(({ kind, addresses, unknownAddress }, index) => {
      if (kind === 'pod' && !this.#enforcer.blocksMatchPods.value) return;
      if (kind === 'host' && !this.#enforcer.blocksMatchNodes.value) return;
      const where = unknownAddress ? (kind === 'pod' ? ofPods : ofNodes) : addresses.some((id) => this.#space.classes[id]!.blocks.has(text)) ? 'yes' : 'no';
      if (where === 'yes') setBit(must, index);
      if (where !== 'no') setBit(may, index);
    });
    const made = { must, may };
    this.#byBlock.set(text, made);
    return made;
  }
}

function textMatches(value: string, how: 'contains' | 'starts' | 'ends', text: string): boolean {
  return how === 'contains' ? value.includes(text) : how === 'starts' ? value.startsWith(text) : value.endsWith(text);
}
