/** Whether a proved cause is gone after a change: the same questions, asked again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Diagnosis } from '../diagnose.ts';
import type { Facts } from '../fact.ts';
import type { Fault, Proof } from '../faults/fault.ts';

/** `gone`: what proved it is otherwise now, or the connection stands. `still`: it is proved again. `unknown`: neither was seen. */
export type Verified = 'gone' | 'still' | 'unknown';

type Seen = Pick<Diagnosis, 'facts' | 'causes' | 'verdict'>;

const holds = (proof: Proof, facts: Facts): boolean => proof.every(({ at, is }) => { const value = facts.get(at)?.value; return value !== undefined && is.includes(value); });

/** Judges by what proved it before. Pure. */
export function verifiedBy(fault: Fault, before: Pick<Diagnosis, 'facts'>, after: Seen): Verified {
  const certainty = after.causes.find((one) => one.fault.id === fault.id)?.certainty;
  if (certainty === 'proved') return 'still';
  if (after.verdict.kind === 'works' || certainty === 'excluded') return 'gone';
  const proofs = fault.proofs.filter((proof) => proof.length > 0 && holds(proof, before.facts));
  const changed = (proof: Proof): boolean => proof.some(({ at, is }) => { const value = after.facts.get(at)?.value; return value !== undefined && !is.includes(value); });
  return proofs.length > 0 && proofs.every(changed) ? 'gone' : 'unknown';
}

/** Diagnoses again and again until all faults are gone, or the time is over. Returns the last diagnosis. `withinMs` counts from now; at least one diagnosis is made. */
export async function untilGone(faults: readonly Fault[], before: Diagnosis, again: () => Promise<Diagnosis>, { withinMs, pauseMs, signal }: { withinMs: number; pauseMs: number; signal: AbortSignal }): Promise<Diagnosis> {
  const end = performance.now() + withinMs;
  for (;;) {
    const after = await again();
    if (faults.every((fault) => verifiedBy(fault, before, after) === 'gone') || performance.now() + pauseMs > end) return after;
    await sleep(pauseMs, undefined, { signal });
  }
}
