/** The report of a migration, from its plan, its journal and what the probes measured. Pure. */
import type { Aggregate } from '../probe/stats/aggregate.ts';
import { upperBound95 } from '../probe/stats/bound.ts';
import { countText, figuresTable, lossText } from '../probe/stats/render.ts';
import type { JournalEntry } from './journal/entries.ts';
import { replay, windowsOf } from './journal/replay.ts';
import { beyondCap } from './plan/cap.ts';
import { impactText } from './plan/render.ts';
import type { Report, StepRow } from './report-schema.ts';
import { unmeasuredClasses } from './run/coverage.ts';
import type { Plan } from './types.ts';

export interface ReportInput {
  plan: Plan;
  entries: readonly JournalEntry[];
  /** What the probes measured over the whole migration. */
  probes: Pick<Aggregate, 'totals' | 'classes'>;
  /** Which CNI each node was found on at the end. */
  nodes: Report['nodes'];
  /** Version of the tool. */
  tool: string;
  now: Date;
}

/** The content of report.json. */
export function buildReport({ plan, entries, probes, nodes, tool, now }: ReportInput): Report {
  const state = replay(entries);
  const { totals } = probes;
  const nothingStands = state.rollback === null && [...state.steps.values()].every((step) => step.status === 'undone');
  return {
    version: 1,
    tool,
    generatedAt: now.toISOString(),
    plan: plan.digest,
    cluster: plan.cluster.name,
    from: plan.from,
    to: plan.to,
    outcome: state.finished ?? (state.steps.size > 0 && nothingStands ? 'rolled-back' : 'unfinished'),
    verdict: totals.sent === 0 ? 'unknown' : totals.unannouncedLost === 0 ? 'pass' : 'fail',
    beyondCap: beyondCap(plan).map(({ step, impact, why }) => `${step.id}: ${impactText(impact)} (${why})`),
    totals,
    upperBound95: totals.sent === 0 ? null : upperBound95(totals.unannouncedLost, totals.sent),
    unmeasured: unmeasuredClasses(Object.keys(probes.classes)),
    classes: probes.classes,
    steps: stepRows(plan, entries),
    nodes,
    failures: entries.flatMap((entry) => (entry.type === 'step-failed' ? [{ step: entry.step, phase: entry.phase, error: entry.error, evidence: entry.evidence, at: entry.t }] : [])),
    announcements: windowsOf(entries),
  };
}

/** One row per try of a step, oldest first, then the steps that never began. */
function stepRows(plan: Plan, entries: readonly JournalEntry[]): StepRow[] {
  const rows: StepRow[] = [];
  const begin = (id: string, startedAt: number | null): StepRow => {
    const step = plan.steps.find((one) => one.id === id);
    return { id, node: step?.node ?? null, group: step?.group ?? 'prepare', startedAt, endedAt: null, outcome: startedAt === null ? 'pending' : 'in-doubt' };
  };
  const end = (id: string, outcome: StepRow['outcome'], endedAt: number): void => {
    const row = rows.findLast((one) => one.id === id);
    // A failed try stays a failed one, also when its undo is done: the rollback is told by the other rows of its group.
    if (row !== undefined && row.outcome !== 'failed') Object.assign(row, { outcome, endedAt });
  };
  for (const entry of entries) {
    if (entry.type === 'step-intent') rows.push(begin(entry.step, entry.t));
    if (entry.type === 'step-done') end(entry.step, 'done', entry.t);
    if (entry.type === 'undo-done') end(entry.step, 'rolled-back', entry.t);
    if (entry.type === 'step-failed') {
      if (rows.findLast((row) => row.id === entry.step)?.outcome !== 'in-doubt') rows.push(begin(entry.step, entry.t));
      end(entry.step, 'failed', entry.t);
    }
  }
  const begun = new Set(rows.map((row) => row.id));
  return [...rows, ...plan.steps.filter((step) => !begun.has(step.id)).map((step) => begin(step.id, null))];
}

/** The first line of report.md: the verdict with honest statistics, and whatever was announced beyond the default cap. */
export function verdictLine(report: Report): string {
  const { totals } = report;
  const loss =
    totals.sent === 0
      ? 'UNKNOWN: no probe was sent, so nothing can be said about loss.'
      : `${report.verdict.toUpperCase()}: ${lossText(totals.unannouncedLost, totals.sent, report.upperBound95)} beyond what was announced, ${countText(totals.announcedLost)} as announced.`;
  const blind = report.unmeasured.length === 0 || totals.sent === 0 ? '' : ` Not measured, so unknown: ${report.unmeasured.join(', ')}.`;
  const end = { 'migrated': '', 'rolled-back': ' The migration was rolled back.', 'unfinished': ' The migration is not finished.' }[report.outcome];
  const excess = report.beyondCap.length === 0 ? '' : ` Announced beyond the default cap: ${report.beyondCap.join('; ')}.`;
  return `${loss}${blind}${end}${excess}`;
}

/** The text of report.md. */
export function renderReportMarkdown(report: Report): string {
  const lines = [
    verdictLine(report), '',
    `# ${report.cluster}: ${report.from} to ${report.to}, ${report.outcome}`, '',
    `Plan \`${report.plan}\`, fairlead ${report.tool}, ${report.generatedAt}`, '',
    ...figuresTable(report.classes, report.unmeasured),
  ];
  lines.push('', '## Nodes', '', '| node | CNI |', '|---|---|', ...report.nodes.map((node) => `| ${node.name} | ${node.cni} |`));
  if (report.failures.length > 0) lines.push('', '## What failed', '');
  for (const failure of report.failures) lines.push(`- \`${failure.step}\`, ${failure.phase}: ${failure.error}`, ...failure.evidence.map((line) => `  - ${line}`));
  lines.push('', '## Steps', '', '| step | node | outcome | took |', '|---|---|---|---:|');
  for (const row of report.steps) {
    const took = row.startedAt === null || row.endedAt === null ? '' : `${((row.endedAt - row.startedAt) / 1000).toFixed(1)} s`;
    lines.push(`| \`${row.id}\` | ${row.node ?? ''} | ${row.outcome} | ${took} |`);
  }
  lines.push('', '## Announced', '');
  if (report.announcements.length === 0) lines.push('Nothing.');
  for (const one of report.announcements) {
    const lasted = one.closedAt === null ? 'not closed' : `lasted ${((one.closedAt - one.openedAt) / 1000).toFixed(1)} s`;
    lines.push(`- \`${one.step}\`: ${impactText(one)}; ${lasted}`);
  }
  return `${lines.join('\n')}\n`;
}
