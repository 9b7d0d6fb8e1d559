/** Finding the handler of a step, and putting what it threw into words. */
import { FairleadError } from '../../core/errors.ts';
import type { StepHandler, StepSpec } from '../types.ts';
import type { Session } from './session.ts';

/** The handler of a step. The engine checks before it starts that there is one for every step. */
export function handlerOf<C>(session: Session<C>, step: StepSpec): StepHandler<C> {
  const handler = Object.hasOwn(session.options.handlers, step.kind) ? session.options.handlers[step.kind] : undefined;
  if (handler === undefined) throw new Error(`no handler for steps of kind ${step.kind}`);
  return handler;
}

/** An error as one line and its evidence (the hint and the causes). */
export function described(error: unknown): { error: string; evidence: string[] } {
  if (!(error instanceof Error)) return { error: String(error), evidence: [] };
  const evidence = error instanceof FairleadError && error.hint !== undefined ? [error.hint] : [];
  for (let cause = error.cause; cause instanceof Error && evidence.length < 5; cause = cause.cause) evidence.push(cause.message);
  return { error: error.message, evidence };
}
