/** How a run of the engine ends, in a form that a person can act on. */
import { ExitCode } from '../../core/errors.ts';
import type { StepGroup } from '../types.ts';

export interface Commands {
  resume: string;
  /** The command that rolls back `all` or one node. */
  rollback(target: string): string;
}

export const DEFAULT_COMMANDS: Commands = {
  resume: 'fairlead migrate resume',
  rollback: (target) => (target === 'all' ? 'fairlead migrate rollback --all' : `fairlead migrate rollback --node ${target}`),
};

export type Outcome =
  | { kind: 'migrated'; exitCode: 0; text: string }
  /** `exitCode` 0 when the rollback was asked for, 4 when a failure caused it. */
  | { kind: 'rolled-back'; exitCode: 0 | 4; groups: StepGroup[]; step: string | null; reason: string; evidence: readonly string[]; text: string; next: string }
  | { kind: 'needs-human'; exitCode: 5; step: string | null; reason: string; evidence: readonly string[]; text: string; next: string }
  | { kind: 'interrupted'; exitCode: 5; reason: string; text: string; next: string };

/** `node agent-1`, `the preparation` …: a group as people call it. */
export function groupName(group: StepGroup): string {
  if (group.startsWith('node:')) return `node ${group.slice('node:'.length)}`;
  if (group === 'prepare') return 'the preparation';
  return group === 'settle' ? 'the settling' : 'the commit';
}

/** What to give to `rollback` for a group: only nodes can be rolled back alone. */
export function rollbackTarget(group: StepGroup): string {
  return group.startsWith('node:') ? group.slice('node:'.length) : 'all';
}

export function rolledBack(o: { asked: boolean; groups: StepGroup[]; step: string | null; reason: string; evidence: readonly string[]; next: string }): Outcome {
  const what = o.groups.map(groupName).join(', ') || 'nothing had to be undone';
  const text = `Rolled back: ${what}. ${o.asked ? '' : `Reason: ${o.reason}. `}The gate passed afterwards. To go on: \`${o.next}\``;
  const { asked, ...rest } = o;
  return { kind: 'rolled-back', exitCode: asked ? ExitCode.ok : ExitCode.rolledBack, ...rest, text };
}

export function needsHuman(o: { step: string | null; reason: string; evidence?: readonly string[]; next: string }): Outcome {
  return { kind: 'needs-human', exitCode: ExitCode.needsHuman, ...o, evidence: o.evidence ?? [], text: `Stopped: ${o.reason}. Next: \`${o.next}\`` };
}

export function interrupted(reason: string, next: string): Outcome {
  return { kind: 'interrupted', exitCode: ExitCode.needsHuman, reason, next, text: `Stopped at a safe point: ${reason}. To go on: \`${next}\`` };
}
