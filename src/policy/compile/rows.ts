/** What one direction says of a class and every other: disjoint groups of peers with their outcome. */
import { addInto, allBits, both, hasBit, isEmpty, noBits, takeFrom, without, type Bits } from './bits.ts';
import { ALLOW_ALL, apply, endStage, finish, START, type OutcomeId, type OutcomeTable, type State } from './outcome.ts';
import type { SetTable } from './set-table.ts';
import type { Universe } from './universe.ts';
import { isolationOf, setsOf, stepsOf, treatmentOf, untouched, type Side, type Step } from './side.ts';

export interface Group {
  peers: Bits;
  outcome: OutcomeId;
}

/** Groups share no peer; classes that are in none of them have the outcome `rest`. */
export interface Row {
  groups: readonly Group[];
  rest: OutcomeId;
}

interface Undecided {
  peers: Bits;
  state: State;
}

/** More groups than this are joined where their state is the same, before they are split further. */
const MANY = 32;

const stateKey = (state: State): string => `${state.open} ${state.passed} ${state.allow} ${state.deny} ${state.maybeAllow} ${state.maybeDeny}`;

function joined(groups: readonly Undecided[]): Undecided[] {
  const byState = new Map<string, Undecided>();
  for (const { peers, state } of groups) {
    const known = byState.get(stateKey(state));
    if (known === undefined) byState.set(stateKey(state), { peers: peers.slice(), state });
    else addInto(known.peers, peers);
  }
  return [...byState.values()];
}

export class Rows {
  readonly side: Side;
  readonly #universe: Universe;
  readonly #outcomes: OutcomeTable;
  readonly #byTreatment = new Map<string, Row>();
  readonly #byClass: (Row | undefined)[] = [];
  /** The row of classes that no policy touches. */
  readonly open: Row;

  constructor(side: Side, universe: Universe, outcomes: OutcomeTable) {
    this.side = side;
    this.#universe = universe;
    this.#outcomes = outcomes;
    this.open = { groups: [], rest: ALLOW_ALL };
  }

  /** The row of a class; classes that are treated alike share one. */
  of(subject: number): Row {
    const known = this.#byClass[subject];
    if (known !== undefined) return known;
    const row = untouched(this.side, subject) ? this.open : this.#shared(subject);
    this.#byClass[subject] = row;
    return row;
  }

  /** Takes all rows from before, but for classes that other rules judge. */
  keep(before: Rows, touched: readonly number[]): void {
    before.#byClass.forEach((row, subject) => void (this.#byClass[subject] = row));
    for (const subject of touched) this.#byClass[subject] = undefined;
  }

  /** Every set that this holds. */
  *sets(): Generator<Bits> {
    yield* setsOf(this.side);
    for (const row of [...this.#byClass, ...this.#byTreatment.values()]) for (const { peers } of row?.groups ?? []) yield peers;
  }

  /** The outcome for a class and one peer. */
  at(subject: number, peer: number): OutcomeId {
    const row = this.of(subject);
    for (const group of row.groups) if (hasBit(group.peers, peer)) return group.outcome;
    return row.rest;
  }

  /** All groups of a class, the rest as one of them. */
  groupsOf(subject: number): readonly Group[] {
    const { groups, rest } = this.of(subject);
    const peers = allBits(this.#universe.size, this.#universe.room);
    for (const group of groups) takeFrom(peers, group.peers);
    return isEmpty(peers) ? groups : [...groups, { peers, outcome: rest }];
  }

  #shared(subject: number): Row {
    const key = treatmentOf(this.side, subject);
    const known = this.#byTreatment.get(key);
    if (known !== undefined) return known;
    const row = this.#compute(subject);
    this.#byTreatment.set(key, row);
    return row;
  }

  #compute(subject: number): Row {
    const sets = this.#outcomes.sets;
    // Most rules name few peers: those that no rule has named yet stay together as the rest, which no set holds.
    let groups: Undecided[] = [];
    let rest = START;
    const named = noBits(this.#universe.room);
    for (const stage of this.side.stages) {
      for (const step of stepsOf(this.side, stage, subject)) {
        if (groups.length > MANY) groups = joined(groups);
        groups = groups.flatMap((group) => split(sets, group, step));
        const [yes, perhaps] = after(sets, rest, step);
        if (yes === rest && perhaps === rest) continue;
        const hit = without(step.may, named);
        if (isEmpty(hit)) continue;
        addInto(named, hit);
        groups.push(...parts(hit, step, yes, perhaps));
      }
      const isolated = isolationOf(stage, subject);
      groups = groups.map(({ peers, state }) => ({ peers, state: endStage(sets, state, isolated) }));
      rest = endStage(sets, rest, isolated);
    }
    const restOutcome = this.#outcomes.intern(finish(sets, rest));
    const byOutcome = new Map<OutcomeId, Bits>();
    for (const { peers, state } of groups) {
      const outcome = this.#outcomes.intern(finish(sets, state));
      const known = byOutcome.get(outcome);
      if (outcome === restOutcome) continue;
      if (known === undefined) byOutcome.set(outcome, peers);
      else addInto(known, peers);
    }
    return { groups: [...byOutcome].map(([outcome, peers]) => ({ outcome, peers })), rest: restOutcome };
  }
}

/** The state after a step for peers that it certainly means, and for those that it may mean. */
function after(sets: SetTable, state: State, step: Step): [State, State] {
  const yes = apply(sets, state, step.ports, step.action, step.certain);
  return [yes, step.must === step.may ? yes : apply(sets, state, step.ports, step.action, false)];
}

/** Peers that a step means, by how certain that is. */
function parts(hit: Bits, step: Step, yes: State, perhaps: State): Undecided[] {
  if (step.must === step.may) return [{ peers: hit, state: yes }];
  return [{ peers: both(hit, step.must), state: yes }, { peers: without(hit, step.must), state: perhaps }].filter((part) => !isEmpty(part.peers));
}

/** A group split by a step; itself where the step changes nothing for it. */
function split(sets: SetTable, group: Undecided, step: Step): Undecided[] {
  const [yes, perhaps] = after(sets, group.state, step);
  if (yes === group.state && perhaps === group.state) return [group];
  const hit = both(group.peers, step.may);
  if (isEmpty(hit)) return [group];
  const rest = { peers: without(group.peers, step.may), state: group.state };
  return [...(isEmpty(rest.peers) ? [] : [rest]), ...parts(hit, step, yes, perhaps)];
}
