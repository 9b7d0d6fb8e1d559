/** A diagnosis as Markdown, to put into a ticket. */
import type { DiagnosisReport } from './schema.ts';
import { hopsText, isAsked, questionText, toldCauses } from './text.ts';

const escape = (text: string): string => text.replaceAll(/[\\`*_<>|[\]]/g, (mark) => `\\${mark}`).replaceAll('\n', ' ');
/** Fences are longer than any that the text has. */
const fenced = (text: string): string => { const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1))); return `${fence}\n${text}\n${fence}`; };

export function renderMarkdown(report: DiagnosisReport): string {
  const { told, others } = toldCauses(report, isAsked(report));
  const parts = ['# Diagnosis', escape(report.summary), `${escape(questionText(report))}. The network: ${String(report.network)}.`];
  if (report.question.text !== undefined) parts.push(fenced(report.question.text));
  if (report.path.length > 0) parts.push('## The way', fenced(hopsText(report).join('\n')));
  for (const cause of told) {
    parts.push(`## ${cause.certainty}: ${escape(cause.title)} (${cause.fault})`);
    const said = (['for', 'against'] as const).flatMap((side) => cause[side].flatMap(({ says, evidence }) => [`- ${side}: ${escape(says)}`, ...evidence.slice(0, 2).map((seen) => `  - ${escape(seen.source)}: ${escape(seen.excerpt)}`)]));
    if (said.length > 0) parts.push(said.join('\n'));
    if (cause.belief !== undefined) parts.push(escape(cause.belief));
    for (const { what, command } of cause.fix) parts.push(escape(what), ...(command === undefined ? [] : [fenced(command)]));
    parts.push(`Verify: ${escape(cause.verify)}`, `More about it: \`fairlead diagnose explain ${cause.fault}\`.`);
  }
  if (others.length > 0) parts.push(`Not excluded: ${others.map(({ fault, name }) => `${fault} ${escape(name)}`).join(', ')}.`);
  for (const { text, source } of report.notes) parts.push(`Note: ${escape(text)} (${escape(source)})`);
  if (report.next.length > 0) parts.push('## What would tell them apart', report.next.map(({ question, command }) => `- ${escape(question)}${command === undefined ? '' : `\n\n${fenced(command)}\n`}`).join('\n'));
  if (report.unknown.length > 0) parts.push('## Not known', report.unknown.map(({ what, why }) => `- ${escape(what)}: ${escape(why)}`).join('\n'));
  return `${parts.join('\n\n')}\n`;
}
