/** Where a migration stands, from its plan and journal alone. */
import { replay } from './journal/replay.ts';
import type { JournalEntry } from './journal/entries.ts';
import { DEFAULT_COMMANDS, groupName, rollbackTarget } from './engine/outcome.ts';
import type { Commands } from './engine/outcome.ts';
import type { Plan, StepGroup } from './types.ts';

export type StepProgress = 'pending' | 'in-doubt' | 'done' | 'undoing' | 'undone' | 'failed';

export interface MigrationStatus {
  plan: string;
  from: string;
  to: string;
  /** `unfinished` also covers a tool that was killed and one that is at work now. */
  phase: 'not-started' | 'unfinished' | 'interrupted' | 'rolling-back' | 'migrated' | 'rolled-back';
  steps: { id: string; group: StepGroup; node: string | null; title: string; progress: StepProgress; startedAt: number | null; endedAt: number | null }[];
  done: number;
  committed: boolean;
  /** The last failure and its evidence; null when nothing failed. */
  failure: { step: string; phase: string; error: string; evidence: readonly string[] } | null;
  /** Ids of announcements still open. */
  announced: string[];
  /** The command that goes on; null when there is nothing to do. */
  next: string | null;
  lastAt: number | null;
}

/** Pure; `entries` may come from a journal that another process is writing. */
export function migrationStatus(plan: Plan, entries: readonly JournalEntry[], commands: Commands = DEFAULT_COMMANDS): MigrationStatus {
  const state = replay(entries);
  const failed = state.rollback === null ? null : state.lastFailure?.step;
  const steps = plan.steps.map((step) => {
    const known = state.steps.get(step.id);
    const progress: StepProgress = known === undefined ? 'pending' : known.status === 'in-doubt' && failed === step.id ? 'failed' : known.status;
    return {
      id: step.id, group: step.group, node: step.node ?? null, title: step.title, progress,
      startedAt: known?.startedAt ?? null, endedAt: known?.endedAt ?? null,
    };
  });
  const everUndone = [...state.steps.values()].every((step) => step.status === 'undone');
  const phase =
    state.plan === null ? 'not-started'
    : state.finished !== null ? state.finished
    : state.rollback !== null ? 'rolling-back'
    : state.interrupted !== null ? 'interrupted'
    : state.steps.size > 0 && everUndone ? 'rolled-back'
    : 'unfinished';
  const next =
    state.finished !== null || state.plan === null ? null
    : state.rollback !== null ? commands.rollback(rollbackTarget(state.rollback.group))
    : (state.interrupted?.next ?? commands.resume);
  return {
    plan: plan.digest, from: plan.from, to: plan.to, phase, steps,
    done: steps.filter((step) => step.progress === 'done').length,
    committed: state.committed,
    failure: state.lastFailure === null ? null : { step: state.lastFailure.step, phase: state.lastFailure.phase, error: state.lastFailure.error, evidence: state.lastFailure.evidence },
    announced: [...state.open.keys()],
    next,
    lastAt: state.lastAt,
  };
}

/** Text for the terminal. */
export function renderStatus(status: MigrationStatus): string {
  const lines = [`${status.from} to ${status.to}: ${status.phase}, ${status.done} of ${status.steps.length} steps done${status.committed ? ', past the point of no return' : ''} (plan ${status.plan.slice(0, 12)})`];
  let group: StepGroup | undefined;
  for (const step of status.steps) {
    if (step.group !== group) lines.push(`${groupName(step.group)}:`);
    group = step.group;
    const took = step.startedAt !== null && step.endedAt !== null ? ` (${((step.endedAt - step.startedAt) / 1000).toFixed(1)} s)` : '';
    lines.push(`  ${step.progress.padEnd(8)} ${step.id}  ${step.title}${took}`);
  }
  if (status.failure !== null) {
    lines.push(`Last failure: ${status.failure.step}, ${status.failure.phase}: ${status.failure.error}`, ...status.failure.evidence.map((line) => `  ${line}`));
  }
  if (status.next !== null) lines.push(`Next: \`${status.next}\``);
  return `${lines.join('\n')}\n`;
}
