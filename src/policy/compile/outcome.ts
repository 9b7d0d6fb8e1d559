/** How far the ports between two ends are decided while rules are asked, and what came out in the end. */
import { EMPTY, FULL, type SetId, type SetTable } from './set-table.ts';

/** Ports that are allowed in any case, and those that depend on something; all others are denied. */
export interface Outcome {
  allow: SetId;
  depends: SetId;
}

/** An outcome's number in its table. */
export type OutcomeId = number;
export const ALLOW_ALL: OutcomeId = 0;
export const DENY_ALL: OutcomeId = 1;

/** Outcomes by number, so that equal ones are the same number. */
export class OutcomeTable {
  readonly sets: SetTable;
  readonly #outcomes: Outcome[] = [];
  readonly #ids = new Map<number, OutcomeId>();
  readonly #combined = new Map<number, OutcomeId>();

  constructor(sets: SetTable) {
    this.sets = sets;
    this.intern({ allow: FULL, depends: EMPTY });
    this.intern({ allow: EMPTY, depends: EMPTY });
  }

  intern({ allow, depends }: Outcome): OutcomeId {
    const key = allow * 0x400_0000 + depends;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#ids.set(key, this.#outcomes.length);
    this.#outcomes.push({ allow, depends });
    return this.#outcomes.length - 1;
  }

  get(id: OutcomeId): Outcome {
    return this.#outcomes[id]!;
  }

  /** Both sides must allow; what one of them denies is denied. */
  both(a: OutcomeId, b: OutcomeId): OutcomeId {
    if (a === b || b === ALLOW_ALL) return a;
    if (a === ALLOW_ALL) return b;
    if (a === DENY_ALL || b === DENY_ALL) return DENY_ALL;
    const key = a * 0x400_0000 + b;
    const known = this.#combined.get(key);
    if (known !== undefined) return known;
    const [x, y, sets] = [this.get(a), this.get(b), this.sets];
    const allow = sets.and(x.allow, y.allow);
    const possible = sets.and(sets.or(x.allow, x.depends), sets.or(y.allow, y.depends));
    const made = this.intern({ allow, depends: sets.minus(possible, allow) });
    this.#combined.set(key, made);
    return made;
  }
}

/** Ports between one subject and one peer, at some rule. What is in none of the sets is denied. */
export interface State {
  /** Not decided. */
  open: SetId;
  /** Left to the next stage. */
  passed: SetId;
  allow: SetId;
  deny: SetId;
  /** An uncertain rule would have allowed (denied) them before they were decided. */
  maybeAllow: SetId;
  maybeDeny: SetId;
}

export const START: State = { open: FULL, passed: EMPTY, allow: EMPTY, deny: EMPTY, maybeAllow: EMPTY, maybeDeny: EMPTY };

export type Action = 'allow' | 'deny' | 'pass';

/** The state after a rule. Returns the same object when the rule changes nothing. */
export function apply(sets: SetTable, state: State, ports: SetId, action: Action, isCertain: boolean): State {
  const hit = sets.and(state.open, ports);
  if (hit === EMPTY) return state;
  if (!isCertain) {
    // A rule that may pass may bring anything about that later stages decide.
    const maybeAllow = action === 'deny' ? state.maybeAllow : sets.or(state.maybeAllow, hit);
    const maybeDeny = action === 'allow' ? state.maybeDeny : sets.or(state.maybeDeny, hit);
    return maybeAllow === state.maybeAllow && maybeDeny === state.maybeDeny ? state : { ...state, maybeAllow, maybeDeny };
  }
  const open = sets.minus(state.open, hit);
  if (action === 'pass') return { ...state, open, passed: sets.or(state.passed, hit) };
  return action === 'allow' ? { ...state, open, allow: sets.or(state.allow, hit) } : { ...state, open, deny: sets.or(state.deny, hit) };
}

/** The state at the end of a stage: what is open is denied where the subject is isolated; the rest goes on. */
export function endStage(sets: SetTable, state: State, isolated: 'yes' | 'no' | 'maybe'): State {
  if (isolated === 'yes') return { ...state, deny: sets.or(state.deny, state.open), open: state.passed, passed: EMPTY };
  const maybeDeny = isolated === 'maybe' ? sets.or(state.maybeDeny, state.open) : state.maybeDeny;
  return { ...state, open: sets.or(state.open, state.passed), passed: EMPTY, maybeDeny };
}

/** What comes out after the last stage, where the rest is allowed. */
export function finish(sets: SetTable, state: State): Outcome {
  const allow = sets.or(state.allow, state.open);
  const depends = sets.or(sets.and(allow, state.maybeDeny), sets.and(state.deny, state.maybeAllow));
  return { allow: sets.minus(allow, depends), depends };
}
