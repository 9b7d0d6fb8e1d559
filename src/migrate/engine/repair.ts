/** Putting back what a reboot or somebody else took from steps that are done. */
import type { Session } from './session.ts';
import { described, handlerOf } from './handler.ts';

/**
 * Lets every done step that can do so make its effect whole again. A repair that fails is reported and stops nothing: the
 * gate judges what comes of it. Errors: JournalLost.
 */
export async function repairDone<C>(session: Session<C>): Promise<void> {
  for (const step of session.options.plan.steps) {
    const known = session.state.steps.get(step.id);
    const handler = handlerOf(session, step);
    if (known?.status !== 'done' || known.already || handler.repair === undefined) continue;
    let evidence: string[];
    try {
      evidence = await handler.repair(session.options.ctx, step, known.captured);
    } catch (thrown) {
      const { error } = described(thrown);
      session.emit({ type: 'retry', step: step.id, phase: 'repair', attempt: 1, error });
      continue;
    }
    if (evidence.length > 0) await session.log({ type: 'repaired', step: step.id, evidence });
  }
}
