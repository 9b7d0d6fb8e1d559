/** What must hold for a plan beyond its schema, and whether the cluster is still the one it was made for. */
import type { Precondition, StepGroup, StepSpec } from '../types.ts';

/** A problem and where it is, as a path in the plan (`steps[3].group`). */
export interface PlanProblem {
  path: string;
  message: string;
}

/**
 * Problems of the step list; empty when it is sound: unique ids; groups contiguous and in the order prepare, nodes,
 * settle, commit; steps of a node's group act on that node; every step but those of the commit has an undo; nothing
 * is left announced without a gate behind it in its group.
 */
export function structureProblems(steps: readonly StepSpec[]): PlanProblem[] {
  const problems: PlanProblem[] = [];
  const ids = new Set<string>();
  const groups = new Set<StepGroup>();
  for (const [index, step] of steps.entries()) {
    const at = `steps[${index}]`;
    const previous = steps[index - 1];
    if (ids.has(step.id)) problems.push({ path: `${at}.id`, message: `${step.id} is the id of an earlier step too` });
    ids.add(step.id);
    if (previous?.group !== step.group) {
      if (groups.has(step.group)) problems.push({ path: `${at}.group`, message: `steps of group ${step.group} must stand together` });
      if (previous !== undefined && rank(step.group) < rank(previous.group)) {
        problems.push({ path: `${at}.group`, message: `group ${step.group} must come before group ${previous.group}` });
      }
      groups.add(step.group);
    }
    const node = nodeOf(step.group);
    if (node !== undefined && step.node !== node) problems.push({ path: `${at}.node`, message: `must be ${node}, as the group says, and is ${step.node ?? 'missing'}` });
    if (step.group !== 'commit' && step.undo.length === 0) problems.push({ path: `${at}.undo`, message: 'must say how the step is undone' });
    if (step.impact.length > 0 && !gateFollows(steps, index)) {
      problems.push({ path: `${at}.impact`, message: 'is announced, but no gate follows in its group that would judge it' });
    }
  }
  return problems;
}

/** The node of a `node:` group; undefined for the others. */
export function nodeOf(group: StepGroup): string | undefined {
  return group.startsWith('node:') ? group.slice('node:'.length) : undefined;
}

/** Sentences on what differs from the plan's preconditions or does not hold; empty when the plan may be carried out. */
export function changedPreconditions(planned: readonly Precondition[], now: readonly Precondition[]): string[] {
  const before = new Map(planned.map((one) => [one.id, one]));
  const today = new Map(now.map((one) => [one.id, one]));
  const sentences: string[] = [];
  for (const one of now) {
    const then = before.get(one.id);
    // What the plan itself calls unknown was accepted with it.
    const accepted = one.verdict === 'unknown' && then?.verdict === 'unknown' && then.observed === one.observed;
    if (accepted) continue;
    if (one.verdict === 'fail' || one.verdict === 'unknown') {
      const what = one.verdict === 'fail' ? 'does not hold' : 'cannot be told';
      sentences.push(`${one.title}: ${what}: expected ${one.expected}, seen ${one.observed}${one.fix === undefined ? '' : ` (${one.fix})`}`);
    } else if (then === undefined) {
      sentences.push(`${one.title}: the plan was made without looking at it; now: ${one.observed}`);
    } else if (then.observed !== one.observed || then.verdict !== one.verdict) {
      sentences.push(`${one.title}: was ${then.observed} when the plan was made, is ${one.observed} now`);
    }
  }
  for (const one of planned) {
    if (!today.has(one.id)) sentences.push(`${one.title}: was ${one.observed} when the plan was made, and is not checked now`);
  }
  return sentences;
}

function rank(group: StepGroup): number {
  return { prepare: 0, settle: 2, commit: 3 }[group as string] ?? 1;
}

function gateFollows(steps: readonly StepSpec[], index: number): boolean {
  const group = steps[index]?.group;
  return steps.slice(index).some((step) => step.group === group && step.gate);
}
