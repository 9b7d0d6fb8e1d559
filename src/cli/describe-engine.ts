/** Puts a migration's events into words for progress. */
import type { EngineEvent } from '../migrate/engine/ports.ts';
import type { JournalEntry } from '../migrate/journal/entries.ts';
import type { Plan } from '../migrate/types.ts';
import { formatDuration, type Progress } from './progress.ts';

/** Phases that take long enough to be told of. */
const phases: Record<string, string> = { apply: 'acting', gate: 'judging traffic', undo: 'undoing' };

const indented = (lines: readonly string[]): string => lines.map((line) => `\n  ${line}`).join('');

/** Makes a writer of engine events. What it is doing is the current activity; what came of each step is one lasting line. */
export function engineDescriber(plan: Plan, progress: Progress): (event: EngineEvent) => void {
  const begun = new Map<string, number>();
  const number = (id: string): string => `[${plan.steps.findIndex((step) => step.id === id) + 1}/${plan.steps.length}]`;
  const tell = (entry: JournalEntry): void => {
    if (entry.type === 'step-intent') begun.set(entry.step, entry.t);
    if (entry.type === 'step-done') progress.line(`${number(entry.step)} done: ${entry.step} (${formatDuration(entry.t - (begun.get(entry.step) ?? entry.t))})`);
    if (entry.type === 'step-failed') progress.line(`${number(entry.step)} FAILED: ${entry.step}: ${entry.error}${indented(entry.evidence)}`);
    if (entry.type === 'gate') progress.line(`gate after ${entry.step}: ${entry.verdict}${indented(entry.reasons)}`);
    if (entry.type === 'repaired') progress.line(`${number(entry.step)} put back: ${entry.step}${indented(entry.evidence)}`);
    if (entry.type === 'undo-done') progress.line(`${number(entry.step)} undone: ${entry.step}`);
  };
  return (event) => {
    switch (event.type) {
      case 'phase': {
        const doing = phases[event.phase];
        if (doing === undefined) return undefined;
        const title = plan.steps.find((step) => step.id === event.step)?.title ?? event.step;
        return progress.start(`${number(event.step)} ${title}: ${doing}`);
      }
      case 'entry':
        return tell(event.entry);
      case 'retry':
        return progress.line(`${event.step}: ${event.phase}: ${event.error}; try ${event.attempt}`);
      case 'announcer-failed':
        return progress.line(`the probes could not be told of ${event.window}: ${event.error}`);
      case 'mirror':
        return event.error === null ? undefined : progress.line(`the journal's copy in the cluster is ${event.behind} entries behind: ${event.error}`);
    }
  };
}
