/** Mends what a diagnosis proved: proposes, asks, changes, and looks whether it helped. */
import type { Diagnosis } from '../diagnose.ts';
import type { Fault } from '../faults/fault.ts';
import { separateCauses } from '../rank.ts';
import { applyFix } from './apply.ts';
import type { Door } from './door.ts';
import { remedyFor } from './menders.ts';
import { prepare, type Prepared } from './prepare.ts';
import { untilGone, verifiedBy, type Verified } from './verify.ts';

/** What became of one proved cause. */
export type Mended = { fault: Fault } & (
  | { outcome: 'cannot'; why: string }
  | { outcome: 'declined'; prepared: Prepared }
  | { outcome: 'applied'; prepared: Prepared; /** Id for `diagnose undo`. */ id: string; verified: Verified }
);

export interface MendOptions {
  door: Door;
  /** Where what undoes it is stored. */
  dir: string;
  /** Shows the change and asks; whoever cannot be asked throws. */
  consent(fault: Fault, prepared: Prepared): Promise<boolean>;
  /** Told as soon as a change is made, so that nobody misses its undo. */
  applied(fault: Fault, id: string): void;
  /** Diagnoses anew. */
  again(): Promise<Diagnosis>;
  now: () => Date;
  /** How long the causes may take to go away, milliseconds, and the pause between two looks. */
  withinMs: number;
  pauseMs: number;
  /** Aborted: nothing more is changed. */
  signal: AbortSignal;
}

async function mendOne(fault: Fault, diagnosis: Diagnosis, options: MendOptions): Promise<{ fault: Fault } & ({ outcome: 'cannot'; why: string } | { outcome: 'declined'; prepared: Prepared } | { outcome: 'applied'; prepared: Prepared; id: string })> {
  const { view, ends, symptom } = diagnosis;
  const remedy = remedyFor(fault, { view, ends, ...(symptom === undefined ? {} : { symptom }) });
  const prepared = 'cannot' in remedy ? remedy : await prepare(options.door, remedy);
  if ('cannot' in prepared) return { fault, outcome: 'cannot', why: prepared.cannot };
  if (!(await options.consent(fault, prepared))) return { fault, outcome: 'declined', prepared };
  options.signal.throwIfAborted();
  const { id } = await applyFix(options.door, options.dir, fault.id, prepared, options.now());
  options.applied(fault, id);
  return { fault, outcome: 'applied', prepared, id };
}

/** Mends the proved causes one after another. `after`: the diagnosis afterwards, where something was changed. Errors: those of `applyFix` and `consent`. */
export async function mend(diagnosis: Diagnosis, options: MendOptions): Promise<{ mended: Mended[]; after?: Diagnosis }> {
  const done = [];
  for (const { fault } of separateCauses(diagnosis.causes)) done.push(await mendOne(fault, diagnosis, options));
  const changed = done.filter(({ outcome }) => outcome === 'applied').map(({ fault }) => fault);
  if (changed.length === 0) return { mended: done.filter((one) => one.outcome !== 'applied') };
  const after = await untilGone(changed, diagnosis, options.again, options);
  return { mended: done.map((one) => (one.outcome === 'applied' ? { ...one, verified: verifiedBy(one.fault, diagnosis, after) } : one)), after };
}
