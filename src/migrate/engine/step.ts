/** One step forward: check, capture, intent, announce, apply, verify, gate, done. */
import type { Json, StepSpec } from '../types.ts';
import { askGate } from './gate.ts';
import { described, handlerOf } from './handler.ts';
import type { StepPhase } from './ports.ts';
import type { Session } from './session.ts';

export interface StepFailure {
  phase: StepPhase;
  error: string;
  evidence: string[];
}

export type StepResult = { kind: 'done' } | { kind: 'stopped'; reason: string } | ({ kind: 'failed' } & StepFailure);

/** Thrown and caught inside this file only: turns a handler's failure into a StepResult. */
class PhaseFailed extends Error {
  readonly failure: StepFailure;
  constructor(failure: StepFailure) {
    super(failure.error);
    this.failure = failure;
  }
}

/** Runs a step to `step-done`, or says why not. What a failure leads to is the caller's business. Errors: JournalLost. */
export async function runStep<C>(session: Session<C>, step: StepSpec): Promise<StepResult> {
  try {
    return await forward(session, step);
  } catch (error) {
    if (error instanceof PhaseFailed) return { kind: 'failed', ...error.failure };
    throw error;
  }
}

async function forward<C>(session: Session<C>, step: StepSpec): Promise<StepResult> {
  const handler = handlerOf(session, step);
  const { ctx } = session.options;
  const known = session.state.steps.get(step.id);
  // In doubt after a crash: what was captured before it first acted is the only true way back, so it is never read anew.
  const doubtful = known?.status === 'in-doubt' && !known.already ? known : undefined;

  const present = await phase(session, step, 'check', () => handler.check(ctx, step));
  let captured: Json;
  if (doubtful === undefined) {
    captured = await phase(session, step, 'capture', () => handler.capture(ctx, step));
    const reason = session.stopReason();
    if (reason !== undefined) return { kind: 'stopped', reason };
    await session.log({ type: 'step-intent', step: step.id, group: step.group, captured, already: present });
  } else {
    captured = doubtful.captured;
  }
  if (!present || doubtful !== undefined) await session.announce(step);
  if (!present) await phase(session, step, 'apply', () => handler.apply(ctx, step, captured));
  await session.log({ type: 'step-applied', step: step.id });

  const seen = await phase(session, step, 'verify', () => handler.verify(ctx, step, captured));
  if (!seen.ok) throw new PhaseFailed({ phase: 'verify', error: 'what the step should have brought about is not there', evidence: seen.evidence });
  await session.log({ type: 'step-verified', step: step.id, evidence: seen.evidence });

  if (step.gate) {
    const { verdict, reasons } = await askGate(session, step, 'step');
    if (verdict !== 'pass') {
      throw new PhaseFailed({ phase: 'gate', error: verdict === 'fail' ? 'the gate failed' : 'the gate could not reach a verdict in time', evidence: reasons });
    }
    await session.closeWindows(step.group);
  }
  await session.log({ type: 'step-done', step: step.id });
  return { kind: 'done' };
}

async function phase<C, T>(session: Session<C>, step: StepSpec, name: StepPhase, act: () => Promise<T>): Promise<T> {
  session.emit({ type: 'phase', step: step.id, phase: name });
  try {
    return await act();
  } catch (error) {
    throw new PhaseFailed({ phase: name, ...described(error) });
  }
}
