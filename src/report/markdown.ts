/** Findings as Markdown, for merge requests and tickets. */
import type { Finding } from '../core/finding.ts';
import { checkedText, countText, type FindingsReport } from './document.ts';

/** Text in which nothing is markup. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|~]/g, (sign) => `\\${sign}`).replace(/\r?\n/g, ' ');
}

const esc = escapeMarkdown;
/** As code; with more backticks around it than are in it. */
function code(text: string): string {
  const fence = '`'.repeat(Math.max(0, ...[...text.matchAll(/`+/g)].map((run) => run[0].length)) + 1);
  return `${fence}${/^`|`$/.test(text) ? ` ${text} ` : text}${fence}`.replace(/\r?\n/g, ' ');
}

function block(text: string): string {
  const fence = '`'.repeat(Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length)) + 1);
  return `${fence}\n${text}\n${fence}`;
}

function one(finding: Finding): string {
  return [
    `### ${finding.rule} · ${finding.severity} · ${esc(finding.summary)}`,
    '',
    `About ${finding.subjects.map(code).join(', ')}.`,
    '',
    '| seen in | what |',
    '|---|---|',
    ...finding.evidence.map((seen) => `| ${esc(seen.source)}${seen.place === undefined ? '' : ` (${esc(`${seen.place.file}:${seen.place.line}`)})`}${seen.level === 'observed' ? '' : `, ${seen.level}`} | ${esc(seen.excerpt)} |`),
    '',
    `**What breaks.** ${esc(finding.why)}`,
    '',
    ...finding.fix.flatMap((fix) => [`**To do.** ${esc(fix.what)}`, ...(fix.command === undefined ? [] : ['', block(fix.command)]), '']),
    ...(finding.refs.length === 0 ? [] : [`See ${finding.refs.map(esc).join(', ')}.`, '']),
  ].join('\n');
}

/** A document with all findings. */
export function renderMarkdown(report: FindingsReport): string {
  const lines = [`# Audit of ${esc(report.subject)}`, '', `${countText(report)}. ${checkedText(report)}.`, '', ...report.findings.map(one)];
  if (report.ignored.length > 0) lines.push('## Ignored', '', ...report.ignored.map(({ finding, reason, by }) => `- ${finding.rule} ${finding.subjects.map(code).join(', ')}: ${esc(reason)} (${by})`), '');
  if (report.unknown.length > 0) lines.push('## Not known', '', ...report.unknown.map(({ what, why }) => `- ${esc(what)}, because: ${esc(why)}`), '');
  return `${lines.join('\n').trimEnd()}\n`;
}
