/** The report of a measurement, and its text. Pure. */
import { upperBound95 } from '../stats/bound.ts';
import { DEFAULT_THRESHOLDS, evaluateGate } from '../stats/gate.ts';
import { countText, figuresTable, lossText } from '../stats/render.ts';
import { PROBE_CLASSES } from '../types.ts';
import type { CanaryExpectation } from '../types.ts';
import type { Measurement } from './measure.ts';
import type { ProbeReport } from './report-schema.ts';

export interface ProbeReportInput {
  measurement: Measurement;
  cluster: string;
  /** Version of the tool. */
  tool: string;
  now: Date;
}

/** The content of report.json. */
export function buildProbeReport({ measurement, cluster, tool, now }: ProbeReportInput): ProbeReport {
  const { probes, canary, notMeasured } = measurement;
  const expected = PROBE_CLASSES.filter((name) => !notMeasured.some((one) => one.class === name));
  const gate = evaluateGate(probes, { defaults: { ...DEFAULT_THRESHOLDS, minSamples: 1 }, expected });
  const unjudged = expected.includes('denied') ? Object.entries(canary).flatMap(([node, expects]) => (expects === 'either' ? [node] : [])) : [];
  const unknown = unjudged.length === 0 ? [] : [`denied: what canaries are to find was neither given nor found on ${unjudged.join(', ')}`];
  return {
    version: 1, tool, generatedAt: now.toISOString(), cluster,
    startedAt: measurement.startedAt,
    endedAt: measurement.endedAt,
    requestedMs: measurement.requestedMs,
    interrupted: measurement.interrupted,
    verdict: gate.verdict === 'pass' && unknown.length > 0 ? 'unknown' : gate.verdict,
    reasons: [...gate.reasons, ...unknown],
    totals: probes.totals,
    upperBound95: probes.totals.sent === 0 ? null : upperBound95(probes.totals.lost, probes.totals.sent),
    classes: probes.classes,
    notMeasured,
    canaries: { policies: measurement.policies, expected: canary },
    breaks: [...measurement.breaks],
    agents: measurement.usage.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** The text of report.md. */
export function renderProbeMarkdown(report: ProbeReport): string {
  const { totals } = report;
  const lasted = durationText(report.endedAt - report.startedAt);
  const ended = report.interrupted ? `, ended before its ${durationText(report.requestedMs)} were over` : '';
  const lines = [
    totals.sent === 0 ? 'UNKNOWN: no probe was sent, so nothing can be said about loss.' : `${report.verdict.toUpperCase()}: ${lossText(totals.lost, totals.sent, report.upperBound95)}.`,
    ...report.reasons.map((reason) => `- ${reason}`), '',
    `# ${report.cluster}: ${lasted} of probing${ended}`, '',
    `fairlead ${report.tool}, ${new Date(report.startedAt).toISOString()} to ${new Date(report.endedAt).toISOString()}`, '',
    ...figuresTable(report.classes), '',
    ...report.notMeasured.map((one) => `Not measured: ${one.class}, because ${one.why}.`),
    canariesText(report.canaries),
  ];
  if (report.breaks.length > 0) lines.push('', '## Long-lived connections that broke', '', ...report.breaks.map((one) => `- ${new Date(one.t).toISOString()} ${one.from} → ${one.to}: ${one.why}`));
  lines.push('', '## Agents', '', '| agent | CPU of one core | largest RSS | longest stall | probes skipped by stalls |', '|---|---:|---:|---:|---:|');
  for (const one of report.agents) lines.push(`| ${one.name} | ${(one.cpu * 100).toFixed(1)} % | ${(one.maxRssBytes / 1e6).toFixed(1)} MB | ${Math.round(one.maxLagMs)} ms | ${countText(one.skipped)} |`);
  return `${lines.join('\n')}\n`;
}

/** What canaries were held against, and who said so. */
export function canariesText({ policies, expected }: ProbeReport['canaries']): string {
  const words: Record<CanaryExpectation, string> = { open: 'open (no policy enforced)', denied: 'denied (policies enforced)', either: 'not judged' };
  const groups = Object.entries(Object.groupBy(Object.entries(expected), ([, expects]) => expects)).map(([expects, nodes]) => `${nodes.map(([node]) => node).join(', ')} ${words[expects as CanaryExpectation]}`);
  const source = policies === 'as-found' ? 'Canaries are held against what they found before measuring began' : `Canaries are held against what was given (policies ${policies})`;
  return groups.length === 0 ? `${source}.` : `${source}: ${groups.join('; ')}.`;
}

function durationText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
