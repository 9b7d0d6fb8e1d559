/** Undoing one group: its steps in reverse order with what was captured, then the same gate. */
import type { StepGroup, StepSpec } from '../types.ts';
import { askGate } from './gate.ts';
import { groupName, needsHuman, rollbackTarget } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Session } from './session.ts';
import { described, handlerOf } from './handler.ts';

/** Undoes a group. Undefined when it is undone and the gate passed; otherwise the outcome that ends the run. Errors: JournalLost. */
export async function rollBackGroup<C>(session: Session<C>, group: StepGroup, reason: string): Promise<Outcome | undefined> {
  const steps = session.options.plan.steps.filter((step) => step.group === group);
  const touched = steps.filter((step) => session.state.steps.has(step.id));
  const acted = touched.filter((step) => session.state.steps.get(step.id)?.status !== 'undone');
  await session.log({ type: 'rollback-intent', group, reason });
  // Windows of the way forward end here; going back interrupts the same traffic once more, all of it until the gate.
  await session.closeWindows(group);
  for (const step of acted) {
    if (session.state.steps.get(step.id)?.already !== true) await session.announce(step, step.impact, 'undo: ');
  }
  for (const step of acted.toReversed()) {
    const problem = await undo(session, step);
    if (problem !== undefined) return problem;
  }
  const judged = touched.find((step) => step.gate) ?? touched[0];
  if (judged !== undefined) {
    const { verdict, reasons } = await askGate(session, judged, 'rollback');
    if (verdict !== 'pass') {
      return needsHuman({
        step: judged.id,
        reason: `${groupName(group)} was rolled back, but the gate afterwards says ${verdict}`,
        evidence: reasons,
        next: session.commands.rollback(rollbackTarget(group)),
      });
    }
  }
  await session.closeWindows(group);
  await session.log({ type: 'group-rolled-back', group });
  return undefined;
}

async function undo<C>(session: Session<C>, step: StepSpec): Promise<Outcome | undefined> {
  const known = session.state.steps.get(step.id);
  if (known === undefined) return undefined;
  await session.log({ type: 'undo-intent', step: step.id });
  for (let attempt = 1; !known.already; attempt++) {
    session.emit({ type: 'phase', step: step.id, phase: 'undo' });
    try {
      await handlerOf(session, step).undo(session.options.ctx, step, known.captured);
      break;
    } catch (thrown) {
      const { error, evidence } = described(thrown);
      await session.log({ type: 'undo-failed', step: step.id, attempt, error });
      if (attempt >= session.limits.undoAttempts) {
        return needsHuman({
          step: step.id,
          reason: `step ${step.id} (${step.title}) could not be undone in ${attempt} tries: ${error}`,
          evidence: [...evidence, ...step.undo.map((line) => `its undo by hand: ${line}`)],
          next: session.commands.rollback(rollbackTarget(step.group)),
        });
      }
      session.emit({ type: 'retry', step: step.id, phase: 'undo', attempt, error });
      await session.pause(attempt);
    }
  }
  await session.log({ type: 'undo-done', step: step.id });
  return undefined;
}
