/** What to look at next: the cheapest observation that would tell causes apart which are still open. Pure. */
import { observationOf, type Facts, type ObservationId } from './fact.ts';
import type { Test } from './faults/fault.ts';
import type { Judgement } from './rank.ts';

/** One thing to look at: what it would tell apart, and how a person does it. */
export interface Next { at: ObservationId; question: string; cost: number; tells: string[]; command?: string }

/** What a value would do to a fault. */
function effect(test: Test | undefined, value: string): string {
  if (test === undefined) return 'none';
  return test.refutes?.includes(value) === true ? 'refutes' : test.for?.includes(value) === true ? 'for' : test.against?.includes(value) === true ? 'against' : 'none';
}

/** Tests of a fault at an observation, its proofs' included, as one. */
function testAt({ fault }: Judgement, at: ObservationId): Test | undefined {
  const test = fault.tests.find((one) => one.at === at);
  const proves = fault.proofs.flat().filter((one) => one.at === at).flatMap(({ is }) => is);
  return test === undefined && proves.length === 0 ? undefined : { at, ...test, for: [...(test?.for ?? []), ...proves] };
}

/** Causes that are looked at when it is asked what would tell them apart: beyond these nobody would go on reading. */
const OPEN = 12;

/** How many pairs of causes the value that does most would treat differently. */
function pairsTold(tests: readonly (Test | undefined)[], values: readonly string[]): number {
  return Math.max(0, ...values.map((value) => {
    const sizes = [...Map.groupBy(tests, (test) => effect(test, value)).values()].map(({ length }) => length);
    return (tests.length * tests.length - sizes.reduce((sum, size) => sum + size * size, 0)) / 2;
  }));
}

/** Of these causes: what was not observed and would tell them apart, or decides about the only one; the cheapest first, of one price what tells more of them apart. */
function telling(open: readonly Judgement[], facts: Facts, can: (at: ObservationId) => boolean): Next[] {
  const ids = new Set(open.flatMap(({ fault }) => [...fault.tests.map(({ at }) => at), ...fault.proofs.flat().map(({ at }) => at)]));
  // Where both ends are is seen with the ends, and not by itself.
  const all = [...ids].filter((at) => at !== 'placement' && facts.get(at)?.value === undefined && can(at)).flatMap((at) => {
    const { values, cost, question } = observationOf(at);
    const tests = open.map((one) => testAt(one, at));
    const pairs = pairsTold(tests, values);
    const decides = pairs > 0 || (open.length === 1 && values.some((value) => effect(tests[0], value) !== 'none'));
    const tells = open.filter((_, index) => tests[index] !== undefined).map(({ fault }) => fault.id);
    const command = facts.get(at);
    return decides ? [{ pairs, next: { at, question, cost, tells, ...(command?.value === undefined && command?.command !== undefined ? { command: command.command } : {}) } }] : [];
  });
  return all.toSorted((a, b) => a.next.cost - b.next.cost || b.pairs - a.pairs || b.next.tells.length - a.next.tells.length).map(({ next }) => next);
}

/**
 * Observations that were not made and for which some value would change the order of the open causes, the cheapest first.
 * Where several are likely, those that tell the likely ones apart; where nothing does, and else, those that concern any that are open.
 * `can`: those that may be made at all.
 */
export function nextObservations(ranked: readonly Judgement[], facts: Facts, can: (at: ObservationId) => boolean = () => true): Next[] {
  const likely = ranked.filter(({ certainty }) => certainty === 'likely').slice(0, OPEN);
  const first = likely.length > 1 ? telling(likely, facts, can) : [];
  return first.length > 0 ? first : telling(ranked.filter(({ certainty }) => certainty === 'likely' || certainty === 'possible').slice(0, OPEN), facts, can);
}
