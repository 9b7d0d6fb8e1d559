/** Puts a migration's events into words for progress. */
import type { EngineEvent } from '../migrate/engine/ports.ts';
import type { Plan } from '../migrate/types.ts';
import type { Progress } from './progress.ts';

const phases: Record<string, string> = { check: 'looking', capture: 'saving what its undo needs', apply: 'acting', verify: 'verifying', gate: 'judging traffic', undo: 'undoing' };

/** Writes one event to a progress writer. */
export function describeEngineEvent(event: EngineEvent, plan: Plan, progress: Progress): void {
  switch (event.type) {
    case 'phase': {
      const index = plan.steps.findIndex((step) => step.id === event.step);
      return progress.start(`[${index + 1}/${plan.steps.length}] ${plan.steps[index]?.title ?? event.step}: ${phases[event.phase] ?? event.phase}`);
    }
    case 'entry': {
      const { entry } = event;
      if (entry.type === 'step-done') progress.done(`done: ${entry.step}`);
      if (entry.type === 'step-failed') progress.line(`FAILED: ${entry.step}: ${entry.error}${entry.evidence.map((line) => `\n  ${line}`).join('')}`);
      if (entry.type === 'gate') progress.line(`gate after ${entry.step}: ${entry.verdict}${entry.reasons.map((line) => `\n  ${line}`).join('')}`);
      if (entry.type === 'undo-done') progress.line(`undone: ${entry.step}`);
      return;
    }
    case 'retry':
      return progress.line(`${event.step}: ${event.phase} failed (${event.error}); try ${event.attempt}`);
    case 'announcer-failed':
      return progress.line(`the probes could not be told of ${event.window}: ${event.error}`);
    case 'mirror':
      return event.error === null ? undefined : progress.line(`the journal's copy in the cluster is ${event.behind} entries behind: ${event.error}`);
  }
}
