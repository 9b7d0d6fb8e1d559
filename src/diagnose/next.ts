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

/**
 * Observations that were not made and for which some value would change the order of the open causes, the cheapest first;
 * of one price those that concern more causes. `can`: those that may be made at all.
 */
export function nextObservations(ranked: readonly Judgement[], facts: Facts, can: (at: ObservationId) => boolean = () => true): Next[] {
  const open = ranked.filter(({ certainty }) => certainty === 'likely' || certainty === 'possible').slice(0, OPEN);
  const ids = new Set(open.flatMap(({ fault }) => [...fault.tests.map(({ at }) => at), ...fault.proofs.flat().map(({ at }) => at)]));
  // Where both ends are is seen with the ends, and not by itself.
  const all = [...ids].filter((at) => at !== 'placement' && facts.get(at)?.value === undefined && can(at)).flatMap((at) => {
    const { values, cost, question } = observationOf(at);
    const tests = open.map((one) => testAt(one, at));
    // It tells causes apart when some value treats two of them differently; of one alone, when it decides about it.
    const splits = values.some((value) => new Set(tests.map((test) => effect(test, value))).size > 1) || (open.length === 1 && values.some((value) => effect(tests[0], value) !== 'none'));
    const tells = open.filter((_, index) => tests[index] !== undefined).map(({ fault }) => fault.id);
    const command = facts.get(at);
    return splits ? [{ at, question, cost, tells, ...(command?.value === undefined && command?.command !== undefined ? { command: command.command } : {}) }] : [];
  });
  return all.toSorted((a, b) => a.cost - b.cost || b.tells.length - a.tells.length);
}
