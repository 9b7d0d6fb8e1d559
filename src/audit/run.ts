/** Runs rules over a snapshot and makes the report: findings, what is ignored, what could not be judged. */
import type { Finding, Unknown } from '../core/finding.ts';
import { severityRank } from '../core/finding.ts';
import type { Snapshot } from '../cluster/snapshot/model.ts';
import type { FindingsReport } from '../report/document.ts';
import { inBaseline, type Baseline } from './baseline.ts';
import type { Found, Outcome, Rule } from './rule.ts';
import { subjectOf, View } from './view.ts';

export interface AuditOptions {
  rules: readonly Rule[];
  tool: string;
  /** What is audited, as it is called in the report. */
  subject: string;
  baseline?: Baseline;
}

/** Audits. A rule that fails on odd input is reported as not judged; the others run. */
export function audit(snapshot: Snapshot, options: AuditOptions): FindingsReport {
  const view = new View(snapshot);
  const findings: Finding[] = [];
  const ignored: FindingsReport['ignored'] = [];
  const checked: FindingsReport['checked'] = [];
  const unknown: Unknown[] = [...snapshot.unknown, ...snapshot.hosts.flatMap((host) => host.unknown ?? [])];
  const remarks = remarksOf(view);
  for (const rule of options.rules) {
    const outcome = attempt(rule, view);
    const found = 'found' in outcome ? outcome.found : Array.isArray(outcome) ? (outcome as readonly Found[]) : [];
    if ('partly' in outcome) unknown.push(...outcome.partly.map(({ what, why }) => ({ what: `${rule.id} for ${what}`, why })));
    for (const one of found) {
      const finding = findingOf(rule, one);
      const remark = remarks.find(({ rule: id, subject }) => id === rule.id && finding.subjects.includes(subject));
      const accepted = options.baseline === undefined ? undefined : inBaseline(options.baseline, finding);
      if (remark !== undefined) ignored.push({ finding, reason: remark.reason, by: 'remark' });
      else if (accepted !== undefined) ignored.push({ finding, reason: accepted, by: 'baseline' });
      else findings.push(finding);
    }
    checked.push({ rule: rule.id, title: rule.title, ...verdictOf(outcome, found.length) });
  }
  // Within a severity in the order of the rules, which goes from causes to consequences.
  const order = (a: Finding, b: Finding): number => severityRank(b.severity) - severityRank(a.severity);
  return { version: 1, tool: options.tool, subject: options.subject, findings: findings.toSorted(order), ignored, unknown, checked };
}

function attempt(rule: Rule, view: View): Outcome {
  try {
    return rule.check(view);
  } catch (error) {
    return { unknown: `the rule failed on this input, which is a bug in fairlead: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function verdictOf(outcome: Outcome, found: number): { verdict: 'pass' | 'fail' | 'skip' | 'unknown'; why?: string } {
  if (found > 0) return { verdict: 'fail' };
  if ('skip' in outcome) return { verdict: 'skip', why: outcome.skip };
  if ('unknown' in outcome) return { verdict: 'unknown', why: outcome.unknown };
  // Nothing was found, but not everything could be looked at.
  return 'partly' in outcome && outcome.partly.length > 0 ? { verdict: 'unknown', why: outcome.partly[0]?.why ?? '' } : { verdict: 'pass' };
}

function findingOf(rule: Rule, found: Found): Finding {
  return {
    rule: rule.id, severity: found.severity ?? rule.severity, subjects: [...found.subjects], summary: found.summary, evidence: [...found.evidence],
    why: found.why ?? rule.why, fix: [...(found.fix ?? rule.fix)], refs: [...rule.refs],
  };
}

function remarksOf(view: View): { rule: string; subject: string; reason: string }[] {
  return view.snapshot.entries.flatMap(({ object, ignores = [] }) => ignores.map(({ rule, reason }) => ({ rule, reason, subject: subjectOf(object) })));
}
