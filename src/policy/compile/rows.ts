/** What one direction says of a class and every other: disjoint groups of peers with their outcome. */
import { addInto, allBits, both, hasBit, isEmpty, without, type Bits } from './bits.ts';
import { ALLOW_ALL, apply, endStage, finish, START, type OutcomeId, type OutcomeTable, type State } from './outcome.ts';
import { isolationOf, stepsOf, treatmentOf, untouched, type Side } from './side.ts';

export interface Group {
  peers: Bits;
  outcome: OutcomeId;
}

/** Groups cover all classes. */
export interface Row {
  groups: readonly Group[];
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
  readonly #size: number;
  readonly #outcomes: OutcomeTable;
  readonly #byTreatment = new Map<string, Row>();
  readonly #byClass: (Row | undefined)[] = [];
  /** The row of classes that no policy touches. */
  readonly open: Row;

  constructor(side: Side, size: number, outcomes: OutcomeTable) {
    this.side = side;
    this.#size = size;
    this.#outcomes = outcomes;
    this.open = { groups: [{ peers: allBits(size), outcome: ALLOW_ALL }] };
  }

  /** The row of a class; classes that are treated alike share one. */
  of(subject: number): Row {
    const known = this.#byClass[subject];
    if (known !== undefined) return known;
    const row = untouched(this.side, subject) ? this.open : this.#shared(subject);
    this.#byClass[subject] = row;
    return row;
  }

  /** The outcome for a class and one peer. */
  at(subject: number, peer: number): OutcomeId {
    for (const group of this.of(subject).groups) if (hasBit(group.peers, peer)) return group.outcome;
    throw new Error(`class ${peer} is in no group of class ${subject}`);
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
    let groups: Undecided[] = [{ peers: allBits(this.#size), state: START }];
    for (const stage of this.side.stages) {
      for (const step of stepsOf(this.side, stage, subject)) {
        if (groups.length > MANY) groups = joined(groups);
        groups = groups.flatMap((group) => {
          const yes = apply(sets, group.state, step.ports, step.action, step.certain);
          const perhaps = step.must === step.may ? yes : apply(sets, group.state, step.ports, step.action, false);
          if (yes === group.state && perhaps === group.state) return group;
          const hit = both(group.peers, step.may);
          if (isEmpty(hit)) return group;
          const rest = { peers: without(group.peers, step.may), state: group.state };
          const parts = step.must === step.may ? [{ peers: hit, state: yes }] : [{ peers: both(hit, step.must), state: yes }, { peers: without(hit, step.must), state: perhaps }];
          return [rest, ...parts].filter((part) => !isEmpty(part.peers));
        });
      }
      const isolated = isolationOf(stage, subject);
      groups = groups.map(({ peers, state }) => ({ peers, state: endStage(sets, state, isolated) }));
    }
    const byOutcome = new Map<OutcomeId, Bits>();
    for (const { peers, state } of groups) {
      const outcome = this.#outcomes.intern(finish(sets, state));
      const known = byOutcome.get(outcome);
      if (known === undefined) byOutcome.set(outcome, peers);
      else addInto(known, peers);
    }
    return { groups: [...byOutcome].map(([outcome, peers]) => ({ outcome, peers })) };
  }
}
