/** All connectivity as rectangles: a class of sources, and for each outcome the classes that it may reach so. */
import { addInto, bitsOf, both, countBits, eachBit, hasBit, isEmpty, membersOf, type Bits } from '../compile/bits.ts';
import type { Engine } from '../compile/engine.ts';
import type { OutcomeId } from '../compile/outcome.ts';
import type { Row } from '../compile/rows.ts';
import { EMPTY, type SetId } from '../compile/set-table.ts';

/** Outcomes reduced to TCP, UDP and SCTP, which listings are about. */
export class Visible {
  readonly #engine: Engine;
  readonly #known = new Map<OutcomeId, OutcomeId>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The outcome without other protocols; undefined when nothing is left that may pass. */
  of(outcome: OutcomeId): OutcomeId | undefined {
    let made = this.#known.get(outcome);
    if (made === undefined) {
      const { outcomes, ports } = this.#engine;
      const { allow, depends } = outcomes.get(outcome);
      made = outcomes.intern({ allow: ports.sets.and(allow, ports.transports), depends: ports.sets.and(depends, ports.transports) });
      this.#known.set(outcome, made);
    }
    const { allow, depends } = this.#engine.outcomes.get(made);
    return allow === EMPTY && depends === EMPTY ? undefined : made;
  }
}

/** What some destinations let in, as one row of theirs says. */
interface Admission {
  /** The classes that have this row. */
  targets: Bits;
  /** The only one of them, where there is one. */
  only: number | undefined;
  outcome: OutcomeId;
}

/** Where a row lets in more sources than this part of all, they are kept as a set and not one by one. */
const DENSE = 4;

/** For each class of sources what admits it. */
class Admissions {
  readonly #bySource: (Admission[] | undefined)[] = [];
  readonly #dense: { sources: Bits; admission: Admission }[] = [];

  constructor(engine: Engine, visible: Visible) {
    const { size, room } = engine.universe;
    const rows = new Map<Row, number[]>();
    for (let target = 0; target < size; target += 1) {
      const row = engine.ingress.of(target);
      const targets = rows.get(row);
      if (targets === undefined) rows.set(row, [target]);
      else targets.push(target);
    }
    for (const [row, targets] of rows) {
      const bits = bitsOf(room, targets);
      const shown = visible.of(row.rest) === undefined ? row.groups : engine.ingress.groupsOf(targets[0]!);
      for (const { peers, outcome } of shown) {
        if (visible.of(outcome) === undefined) continue;
        const admission = { targets: bits, only: targets.length === 1 ? targets[0] : undefined, outcome };
        if (countBits(peers) * DENSE > size) this.#dense.push({ sources: peers, admission });
        else eachBit(peers, (source) => void (this.#bySource[source] ??= []).push(admission));
      }
    }
  }

  of(source: number): Admission[] {
    return [...(this.#bySource[source] ?? []), ...this.#dense.filter((one) => hasBit(one.sources, source)).map((one) => one.admission)];
  }
}

export interface Reach {
  source: number;
  /** Disjoint; classes that are in none cannot be reached. */
  to: { outcome: OutcomeId; targets: Bits }[];
}

/** What every class of pods and nodes reaches, one class after the other; memory stays that of one. */
export function* reaches(engine: Engine, visible: Visible): Generator<Reach> {
  const admissions = new Admissions(engine, visible);
  for (let source = 0; source < engine.universe.inside; source += 1) {
    const found = new Map<OutcomeId, Bits>();
    const add = (outcome: OutcomeId, targets: Bits, own: boolean): void => {
      const known = found.get(outcome);
      if (known === undefined) found.set(outcome, own ? targets : targets.slice());
      else addInto(known, targets);
    };
    const admitted = admissions.of(source);
    const row = engine.egress.of(source);
    for (const { peers, outcome } of visible.of(row.rest) === undefined ? row.groups : engine.egress.groupsOf(source)) {
      if (visible.of(outcome) === undefined) continue;
      for (const { targets, only, outcome: inward } of admitted) {
        if (only !== undefined && !hasBit(peers, only)) continue;
        const made = visible.of(engine.outcomes.both(outcome, inward));
        if (made === undefined) continue;
        const hit = only === undefined ? both(peers, targets) : targets;
        if (!isEmpty(hit)) add(made, hit, only === undefined);
      }
    }
    yield { source, to: [...found].map(([outcome, targets]) => ({ outcome, targets })) };
  }
}

export interface FromOutside {
  target: number;
  from: { outcome: OutcomeId; addresses: number[] }[];
}

/** What addresses of nobody in the cluster may reach: only the target's ingress counts. */
export function* fromOutside(engine: Engine, visible: Visible): Generator<FromOutside> {
  const { universe } = engine;
  const outside = bitsOf(universe.room, universe.classes.flatMap((one, index) => (one.kind === 'address' ? index : [])));
  for (let target = 0; target < universe.inside; target += 1) {
    const from = new Map<OutcomeId, number[]>();
    const row = engine.ingress.of(target);
    for (const { peers, outcome } of visible.of(row.rest) === undefined ? row.groups : engine.ingress.groupsOf(target)) {
      const made = visible.of(outcome);
      if (made === undefined) continue;
      const addresses = membersOf(both(peers, outside)).map((index) => universe.classes[index]!.address!);
      if (addresses.length > 0) from.set(made, [...(from.get(made) ?? []), ...addresses]);
    }
    yield { target, from: [...from].map(([outcome, addresses]) => ({ outcome, addresses })) };
  }
}

/** Whether a set of ports is everything that listings are about. */
export function isEverything(engine: Engine, set: SetId): boolean {
  return engine.ports.sets.minus(engine.ports.transports, set) === EMPTY;
}
