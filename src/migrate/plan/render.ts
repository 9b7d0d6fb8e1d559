/** A plan for people: as text for the terminal and as Markdown for a review. */
import type { Impact, Plan, Precondition, StepGroup, StepSpec } from '../types.ts';
import { beyondCap } from './cap.ts';
import { nodeOf } from './check.ts';

/** The first line of every rendering: what is announced beyond the default cap, or that nothing is. */
export function capLine(plan: Plan): string {
  const excess = beyondCap(plan);
  if (excess.length === 0) return 'Announced: only pods of the node in flight miss traffic, one node at a time; nothing beyond the default cap.';
  const parts = excess.map(({ step, impact, why }) => `${step.id}: ${impactText(impact)} (${why})`);
  return `Announced BEYOND THE DEFAULT CAP: ${parts.join('; ')}.`;
}

/** `pod-to-pod, dns from pods of agent-1, at most 30 s: they are restarted`. */
export function impactText(impact: Impact): string {
  const where = impact.node === undefined || impact.scope === 'any' ? 'anywhere' : { from: `from ${impact.node}`, to: `to ${impact.node}`, either: `from and to ${impact.node}` }[impact.scope];
  return `${impact.classes.join(', ')} ${where}, at most ${duration(impact.maxMs)}: ${impact.reason}`;
}

/** Plain text, one block per step. */
export function renderPlanText(plan: Plan): string {
  const lines = [capLine(plan), '', summary(plan), `Digest ${plan.digest}`, '', 'Preconditions:'];
  for (const one of plan.preconditions) lines.push(`  ${one.verdict.padEnd(7)} ${one.title}: ${preconditionText(one)}`);
  for (const [group, steps] of byGroup(plan.steps)) {
    lines.push('', `== ${groupTitle(group, plan)}`);
    for (const step of steps) {
      lines.push('', `${step.id}${step.node === undefined ? '' : `  [${step.node}]`}  ${step.title}`);
      lines.push(...labelled('does', step.actions), ...labelled('announces', step.impact.map(impactText), 'nothing'));
      lines.push(...labelled('keeps', [invariantText(step)]), ...labelled('undo', step.undo, 'none: past the point of no return'));
      if (step.gate) lines.push('  gate       measured traffic is judged before the next step');
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Markdown with one section per group and one per step. */
export function renderPlanMarkdown(plan: Plan): string {
  const lines = [capLine(plan), '', `# ${summary(plan)}`, '', `Digest \`${plan.digest}\``, '', '## Preconditions', '', '| verdict | what | expected | seen |', '|---|---|---|---|'];
  for (const one of plan.preconditions) lines.push(`| ${one.verdict} | ${cell(one.title)} | ${cell(one.expected)} | ${cell(one.observed)} |`);
  for (const [group, steps] of byGroup(plan.steps)) {
    lines.push('', `## ${groupTitle(group, plan)}`);
    for (const step of steps) {
      lines.push('', `### \`${step.id}\` ${step.title}`, '');
      if (step.node !== undefined) lines.push(`- Node: ${step.node}`);
      lines.push('- Does:', ...step.actions.map((line) => `  - ${code(line)}`));
      lines.push(...(step.impact.length === 0 ? ['- Announces: nothing'] : ['- Announces:', ...step.impact.map((impact) => `  - ${impactText(impact)}`)]));
      lines.push(`- Keeps: ${invariantText(step)}`);
      lines.push(...(step.undo.length === 0 ? ['- Undo: none: past the point of no return'] : ['- Undo:', ...step.undo.map((line) => `  - ${code(line)}`)]));
      if (step.gate) lines.push('- Gate: measured traffic is judged before the next step');
    }
  }
  return `${lines.join('\n')}\n`;
}

function summary(plan: Plan): string {
  const { cluster } = plan;
  const point = plan.pointOfNoReturn === null ? 'every step can be undone' : `point of no return: ${plan.pointOfNoReturn}`;
  return `${cluster.name} (${cluster.distro} ${cluster.kubernetes}, ${cluster.nodes.length} ${cluster.nodes.length === 1 ? 'node' : 'nodes'}) from ${plan.from} to ${plan.to}: ${plan.steps.length} steps, ${point}`;
}

function groupTitle(group: StepGroup, plan: Plan): string {
  const node = nodeOf(group);
  if (node !== undefined) return `Node ${node} (${plan.cluster.nodes.find((one) => one.name === node)?.role ?? 'node'}): a failure rolls this node back`;
  if (group === 'prepare') return 'Prepare: a failure undoes all of it';
  return group === 'settle' ? 'Settle: cluster-wide, can still be undone' : 'Commit: no way back by undo from here on';
}

function byGroup(steps: readonly StepSpec[]): Map<StepGroup, StepSpec[]> {
  const groups = new Map<StepGroup, StepSpec[]>();
  for (const step of steps) groups.set(step.group, [...(groups.get(step.group) ?? []), step]);
  return groups;
}

function labelled(label: string, lines: readonly string[], none = ''): string[] {
  const shown = lines.length === 0 ? [none] : lines;
  return shown.map((line, index) => `  ${(index === 0 ? label : '').padEnd(10)} ${line}`);
}

function invariantText(step: StepSpec): string {
  return step.invariants.length === 0 ? 'no invariant in particular' : `invariant${step.invariants.length === 1 ? '' : 's'} ${step.invariants.join(', ')}`;
}

function preconditionText(one: Precondition): string {
  const seen = `${one.observed}${one.verdict === 'pass' ? '' : ` (expected ${one.expected})`}`;
  return one.fix === undefined || one.verdict === 'pass' ? seen : `${seen}. ${one.fix}`;
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms} ms` : ms < 120_000 ? `${Math.round(ms / 100) / 10} s` : `${Math.round(ms / 6_000) / 10} min`;
}

/** Inline code with a fence longer than any run of backticks inside. */
function code(text: string): string {
  const fence = '`'.repeat(Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length)) + 1);
  const pad = fence.length > 1 ? ' ' : '';
  return `${fence}${pad}${text}${pad}${fence}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
