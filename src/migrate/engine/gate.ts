/** Asking the gate: an `unknown` is waited out up to a limit and then counts as a failure, never as a pass. */
import type { StepSpec } from '../types.ts';
import type { GatePurpose, GateVerdict } from './ports.ts';
import { repairDone } from './repair.ts';
import type { Session } from './session.ts';

/** The gate's answer after waiting; every answer is journaled. What a reboot took meanwhile is put back before each asking. */
export async function askGate<C>(session: Session<C>, step: StepSpec, purpose: GatePurpose): Promise<GateVerdict> {
  for (let asked = 1; ; asked++) {
    await repairDone(session);
    session.emit({ type: 'phase', step: step.id, phase: 'gate' });
    const answer = await ask(session, step, purpose);
    await session.log({ type: 'gate', step: step.id, purpose, ...answer });
    const final = answer.verdict === 'pass' || (answer.verdict === 'fail' && purpose === 'step');
    if (final || asked > session.limits.gateUnknowns) return answer;
    session.emit({ type: 'retry', step: step.id, phase: 'gate', attempt: asked, error: answer.reasons.join('; ') || `the verdict is ${answer.verdict}` });
    await session.pause();
  }
}

async function ask<C>(session: Session<C>, step: StepSpec, purpose: GatePurpose): Promise<GateVerdict> {
  try {
    return await session.options.gate(step, [...session.state.open.values()], purpose);
  } catch (error) {
    return { verdict: 'unknown', reasons: [`the gate could not judge: ${error instanceof Error ? error.message : String(error)}`], figures: null };
  }
}
