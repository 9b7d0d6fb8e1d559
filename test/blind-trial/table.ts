/** The committed results of the blind trial: bench/diagnose/trial.json, and bench/diagnose/TRIAL.md for people. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/core/package-root.ts';
import { SETS, type Case, type CaseSet } from './case.ts';
import { CANNOT, CASES } from './cases.ts';
import { figuresOf, type Figures, type Scored, type Share } from './figures.ts';
import { passed as passes, type Judged } from './judge.ts';

/** What came of one case. */
export interface Row extends Judged {
  id: string;
  /** What was drawn hangs on it. */
  seed: number;
  drawn: string;
  /** What the users read, and the options that they gave with it. */
  texts: string[];
  words: string[];
  summaries: string[];
  /** Of each diagnosis. */
  seconds: number[];
  /** The machine's load in the last minute when that was over: how many processes wanted a processor. */
  load?: number;
  /** What did not work after the fault was undone. */
  left: string[];
  /** Digest of the code that it exercised, and of the case's own definition. */
  code: string;
  /** Day, ISO 8601. */
  day: string;
  machine: string;
}

/** Digests as they are now, by case. */
export type Current = ReadonlyMap<string, string>;

const FILE = join(packageRoot(), 'bench', 'diagnose', 'trial.json');
const PAGE = join(packageRoot(), 'bench', 'diagnose', 'TRIAL.md');
const caseOf = (id: string): Case | undefined => CASES.find((one) => one.id === id);

export function readRows(): Map<string, Row> {
  if (!existsSync(FILE)) return new Map();
  return new Map((JSON.parse(readFileSync(FILE, 'utf8')) as Row[]).map((row) => [row.id, row]));
}

/** Stores rows of cases that still exist, and writes the page anew. */
export function writeRows(rows: ReadonlyMap<string, Row>, current: Current): void {
  const known = CASES.flatMap(({ id }) => rows.get(id) ?? []);
  for (const [path, text] of [[FILE, `${JSON.stringify(known, null, 1)}\n`], [PAGE, renderPage(known, current)]] as const) {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
}

/** Whether a row went as it should. */
export function passed(row: Row): boolean {
  const one = caseOf(row.id);
  return one !== undefined && passes(one.set, one.truth, row);
}

/** Rows as the figures take them. */
export const scored = (rows: readonly Row[]): Scored[] => rows.flatMap((row) => { const one = caseOf(row.id); return one === undefined ? [] : [{ ...row, set: one.set, faults: one.truth.faults.length }]; });

const percent = ({ right, of, atLeast }: Share): string => (of === 0 ? 'none ran' : `${right} of ${of} (${((100 * right) / of).toFixed(1)} %; at least ${(100 * atLeast).toFixed(1)} % with 95 % confidence)`);

/** The figures in words, each with what it is to be. */
export function figureLines(figures: Figures): string[] {
  const time = figures.median === undefined ? 'none ran' : `${figures.median.toFixed(1)} s (slowest ${figures.slowest?.toFixed(1) ?? '?'} s)`;
  return [
    `known faults, the true cause first: ${percent(figures.first)}; to be at least 95 %`,
    `known faults, the true cause among the first three: ${percent(figures.three)}; to be 100 %`,
    `two faults at once, both named: ${percent(figures.both)}; to be at least 80 %`,
    `faults that the knowledge base does not have, said that it cannot tell, and the broken part of the way named: ${percent(figures.handled)}; to be 100 %`,
    `of these with nothing proved and the broken part named, though some cause is called likely: ${percent(figures.located)}`,
    `cases in which the network is innocent, and it says so: ${percent(figures.innocent)}; to be 100 %`,
    `rows in which something is called proved that is not true: ${figures.false} of ${figures.rows}; to be 0`,
    `median time of a diagnosis: ${time}; to be less than 20 s`,
  ];
}

const cell = (text: string): string => text.replaceAll(/[|<>*_[\]`\\]/g, (char) => `\\${char}`).replaceAll(/\s+/g, ' ').trim();
const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text);
const truthOf = ({ truth: { faults, broken = [] } }: Case): string => (faults.length === 0 ? `none; broken is ${broken.join(' or ')}` : faults.map((names) => names.join(' or ')).join(', and '));

function resultOf(one: Case, row: Row): string {
  const said = [
    ...(one.set === 'unknown' ? [row.cannotTell ? 'cannot tell' : `**${row.verdicts.join(', ')}**`, `broken: ${row.broken.join(', ') || 'none named'}${row.hop ? '' : ' **(wrong)**'}`] : one.set === 'compound' ? [`${row.named} of ${one.truth.faults.length} named`] : [row.first ? 'first' : row.three ? '**among three**' : '**missed**']),
    ...row.falselyProved.map((id) => `**${id} wrongly proved**`), ...(row.network === 'right' ? [] : [`network ${row.network}`]), ...row.left.map((left) => `left: ${left}`),
  ];
  return `${passes(one.set, one.truth, row) ? '' : '**FAILS** '}${said.join('; ')}`;
}

function lineOf(one: Case, row: Row | undefined, current: Current): string {
  const start = `| ${one.id} | ${one.lab} | ${cell(one.what)} |`;
  if (row === undefined) return `${start} not run | | ${truthOf(one)} | | | |`;
  const age = row.code === current.get(row.id) ? '' : ' (older code)';
  return `${start} ${cell(row.drawn)} | ${cell(row.texts.map((text) => cut(text, 160)).join(' / '))} | ${truthOf(one)} | ${row.top.join(', ')} | ${cell(resultOf(one, row)).replaceAll(String.raw`\*\*`, '**')} | ${row.seconds.join(' + ')} s${age} |`;
}

const TITLES: Readonly<Record<CaseSet, string>> = { known: 'Known faults', compound: 'Two faults at once', unknown: 'Faults that the knowledge base does not have', innocent: 'The network is innocent' };

/** The page: figures, then a table for each set. */
export function renderPage(rows: readonly Row[], current: Current): string {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const old = rows.filter((row) => row.code !== current.get(row.id)).length;
  const machines = [...new Set(rows.map((row) => `${row.machine} (${row.day})`))];
  const loads = rows.flatMap(({ load }) => load ?? []);
  const table = (set: CaseSet): string => ['| case | lab | what is done | drawn | what the user reads | truth | first three | result | took |', '|---|---|---|---|---|---|---|---|---|', ...CASES.filter((one) => one.set === set).map((one) => lineOf(one, byId.get(one.id), current))].join('\n');
  return `# Blind trial of the diagnosis: faults in a living cluster

Written by \`node bench/diagnose/trial.ts\`, which runs the rows that failed or whose code has changed since, and can be interrupted at any time. Labs of three nodes, K3s profile, with the traffic of the demo applications. Each run draws anew on which nodes a fault is made and how large it is; \`--seed\` repeats a draw. A client in a pod then asks until it fails, and \`fairlead diagnose\` gets what it printed (Node.js or Go), who wanted whom, and \`--via lab:…\`: nothing else. After the undo every pod of the trial must reach every other again.

${figureLines(figuresOf(scored(rows))).map((line) => `- ${line}`).join('\n')}

${CASES.length - rows.length} of ${CASES.length} rows have not been run. ${old === 0 ? 'All ran on the code that is here.' : `${old} ran on older code than is here; the next run repeats them.`}

First is a cause that was made, by any of the names under which it is right. Proved is wrong unless it was made, is the general form of what was made, or is declared as true because of it, with the reason (\`test/blind-trial/cases/\`). Of two faults at once both are named when each is proved, or likely and among the first three. A fault that its client does not notice is no row. Bounds are Clopper and Pearson's, one-sided.

What the lab cannot have: ${Object.entries(CANNOT).map(([what, why]) => `${what}, because ${why}`).join('; ')}.

Machine: ${machines.join('; ') || 'none yet'}.${loads.length === 0 ? '' : ` Its load while diagnosing: ${Math.min(...loads)} to ${Math.max(...loads)}; where that is more than its cores, times are too long.`}

${SETS.map((set) => `## ${TITLES[set]}\n\n${table(set)}`).join('\n\n')}
`;
}
