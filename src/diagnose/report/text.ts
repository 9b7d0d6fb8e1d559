/** A diagnosis for people: the verdict, the way with what is broken, the causes with what speaks for and against them, what to do. */
import { wrap } from '../../report/wrap.ts';
import { drawPath, type Hop } from '../path.ts';
import { KIND_WORDS } from '../symptom/symptom.ts';
import type { DiagnosisReport } from './schema.ts';

type Cause = DiagnosisReport['causes'][number];

/** Causes that are told at length; of the others their names. */
const TOLD = 4;
/** Pieces of evidence that are shown of one observation. */
const SHOWN = 2;

/** The causes worth telling: the proved and the likely ones, else the first possible ones. */
export function toldCauses({ causes }: DiagnosisReport, asked: boolean): { told: Cause[]; others: Cause[] } {
  const sure = causes.filter(({ certainty }) => certainty === 'proved');
  const likely = causes.filter(({ certainty }) => certainty === 'likely');
  const possible = causes.filter(({ certainty, for: fors }) => certainty === 'possible' && (asked || fors.length > 0));
  const told = sure.length > 0 ? sure : likely.length > 0 ? likely.slice(0, TOLD) : possible.slice(0, TOLD);
  return { told, others: [...likely, ...possible].filter((one) => !told.includes(one)) };
}

function causeLines(cause: Cause): string[] {
  const lines = [`${cause.certainty} ${cause.fault} ${cause.name}: ${cause.title}`];
  for (const [word, list] of [['for', cause.for], ['against', cause.against]] as const) {
    for (const { says, evidence } of list) {
      lines.push(`  ${word.padEnd(8)} ${wrap(says, 11)}`);
      for (const seen of evidence.slice(0, SHOWN)) lines.push(`             ${wrap(`${seen.source}${seen.place === undefined ? '' : ` (${seen.place.file}:${seen.place.line})`}: ${seen.excerpt}`, 15)}`);
    }
  }
  const unchecked = cause.certainty === 'proved' ? [] : cause.unchecked.slice(0, 4);
  for (const { question, why } of unchecked) lines.push(`  unseen   ${wrap(`${question}: ${why}`, 11)}`);
  if (cause.belief !== undefined && cause.certainty !== 'possible') lines.push(`  note     ${wrap(cause.belief, 11)}`);
  if (cause.certainty !== 'possible') {
    for (const { what, command } of cause.fix) lines.push(`  to do    ${wrap(what, 11)}`, ...(command === undefined ? [] : command.split('\n').map((line) => `             ${line}`)));
    lines.push(`  verify   ${wrap(cause.verify, 11)}`, `  see      ${cause.source.join(', ')}`);
  }
  lines.push(`  page     fairlead diagnose explain ${cause.fault}`);
  return lines;
}

/** The question in words. */
export function questionText({ question }: DiagnosisReport): string {
  const { kind, said, from, to, port } = question;
  const ends = `${from ?? 'somebody'} → ${to ?? 'somewhere'}${port === undefined ? '' : ` port ${port}`}`;
  return kind === undefined ? (to === undefined && from === undefined ? 'the whole cluster' : ends) : `${KIND_WORDS[kind]} (${said ?? '?'}), ${ends}`;
}

/** Whether something was complained of. */
export const isAsked = ({ question }: DiagnosisReport): boolean => question.kind !== undefined || question.target !== undefined;

export const hopsText = (report: DiagnosisReport): string[] => drawPath(report.path.map(({ part, hop, state, why }): Hop => ({ part: part as Hop['part'], label: hop, state, why })));

/** The report. `looked`: whether a cluster was looked at. */
export function renderText(report: DiagnosisReport, { looked }: { looked: boolean }): string {
  const asked = isAsked(report);
  const { told, others } = toldCauses(report, asked);
  const network = report.network === 'unknown' ? 'unknown' : report.network ? 'yes' : 'no';
  const lines = [wrap(report.summary, 0), `${questionText(report)}; the network: ${network}`, ''];
  if (report.path.length > 0) lines.push(...hopsText(report), '');
  for (const cause of told) lines.push(...causeLines(cause), '');
  const likely = others.filter(({ certainty, for: fors }) => certainty === 'likely' && fors.length > 0);
  for (const { fault, name, for: fors } of likely.slice(0, 6)) lines.push(wrap(`likely as well: ${fault} ${name}: ${fors[0]?.says ?? ''}`, 2));
  if (likely.length > 0) lines.push('');
  const rest = others.filter((one) => !likely.slice(0, 6).includes(one));
  if (rest.length > 0) lines.push(wrap(`Not excluded: ${rest.slice(0, 12).map(({ fault, name }) => `${fault} ${name}`).join(', ')}${rest.length > 12 ? `, and ${rest.length - 12} more` : ''}.`, 2), '');
  for (const { text, source } of report.notes) lines.push(`note: ${wrap(`${text} (${source})`, 6)}`, '');
  if (report.next.length > 0) {
    lines.push('What would tell them apart, the cheapest first:');
    for (const { question, command, tells } of report.next) lines.push(`  ${wrap(`${question} (${tells.slice(0, 6).join(', ')}${tells.length > 6 ? ', …' : ''})`, 4)}`, ...(command === undefined ? [] : [`      ${command}`]));
    lines.push('');
  }
  if (!looked) lines.push('No cluster was looked at: --snapshot FILE, or --via pod, ssh or lab:NAME for the live one.', '');
  if (report.unknown.length > 0) lines.push(`not known (${report.unknown.length}):`, ...report.unknown.slice(0, 6).map(({ what, why }) => `  ${wrap(`${what}, because: ${why}`, 4)}`), '');
  return `${lines.join('\n').trimEnd()}\n`;
}
