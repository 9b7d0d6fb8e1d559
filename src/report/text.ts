/** Findings for a terminal. */
import type { Evidence } from '../core/evidence.ts';
import type { Finding, Severity } from '../core/finding.ts';
import { wrap } from './wrap.ts';
import { checkedText, countText, type FindingsReport } from './document.ts';

/** Subjects and pieces of evidence that are named one by one; the others are counted. */
const NAMED = 6;
const COLOURS: Readonly<Record<Severity, number>> = { error: 31, warning: 33, info: 36 };

function few<T>(all: readonly T[], show: (one: T) => string): string[] {
  const more = all.length - NAMED;
  return [...all.slice(0, NAMED).map(show), ...(more > 0 ? [`… and ${more} more`] : [])];
}

const place = ({ place: at }: Evidence): string => (at === undefined ? '' : ` (${at.file}:${at.line})`);
/** Observed is the rule and is not said. */
const level = ({ level: said }: Evidence): string => (said === 'observed' ? '' : `, ${said}`);

function one(finding: Finding, colour: boolean): string {
  const subjects = few(finding.subjects, (subject) => subject).join(', ');
  const plain = wrap(`${finding.severity} ${finding.rule}: ${finding.summary}`, 2);
  const head = colour ? plain.replace(finding.severity, `\u001b[${COLOURS[finding.severity]}m${finding.severity}\u001b[39m`) : plain;
  const lines = [
    head,
    `  about   ${wrap(subjects, 10)}`,
    ...few(finding.evidence, (seen) => `  seen    ${wrap(`${seen.source}${place(seen)}${level(seen)}: ${seen.excerpt}`, 10)}`),
    `  breaks  ${wrap(finding.why, 10)}`,
    ...finding.fix.map((fix) => `  to do   ${wrap(fix.what, 10)}${fix.command === undefined ? '' : `\n${fix.command.split('\n').map((line) => `            ${line}`).join('\n')}`}`),
    ...(finding.refs.length === 0 ? [] : [`  see     ${finding.refs.join(', ')}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** Findings, what was ignored, what is not known, and the sums. */
export function renderText(report: FindingsReport, options: { colour: boolean }): string {
  const parts = report.findings.map((finding) => one(finding, options.colour));
  if (report.ignored.length > 0) parts.push(`ignored:\n${report.ignored.map(({ finding, reason, by }) => `  ${finding.rule} ${finding.subjects.join(', ')}: ${reason} (${by})\n`).join('')}`);
  if (report.unknown.length > 0) parts.push(`not known:\n${report.unknown.map(({ what, why }) => `  ${wrap(`${what}, because: ${why}`, 4)}\n`).join('')}`);
  parts.push(`${report.subject}: ${countText(report)}${report.ignored.length === 0 ? '' : `, ${report.ignored.length} ignored`}\n${checkedText(report)}\n`);
  return parts.join('\n');
}
