/** The committed results of the trial: bench/audit-trial.json, and bench/AUDIT-TRIAL.md for people. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RULES } from '../../src/audit/rules.ts';
import { packageRoot } from '../../src/core/package-root.ts';
import type { TrialFault } from './fault.ts';
import { FAULTS } from './faults.ts';
import type { Verdict } from './judge.ts';

/** What came of one fault. */
export interface Row extends Verdict {
  id: string;
  /** What the audit could not see because of the fault. */
  unknown: string[];
  /** What the audit found differently once the fault was undone; empty when all was as before. */
  left: string[];
  seconds: number;
  /** Digest of the code that it exercised, and of the fault's own definition. */
  code: string;
  /** Day, ISO 8601. */
  day: string;
  machine: string;
}

/** Digests as they are now, by fault. */
export type Current = ReadonlyMap<string, string>;

const FILE = join(packageRoot(), 'bench', 'audit-trial.json');
const PAGE = join(packageRoot(), 'bench', 'AUDIT-TRIAL.md');

export function readRows(): Map<string, Row> {
  if (!existsSync(FILE)) return new Map();
  return new Map((JSON.parse(readFileSync(FILE, 'utf8')) as Row[]).map((row) => [row.id, row]));
}

/** Stores rows of faults that still exist, and writes the page anew. */
export function writeRows(rows: ReadonlyMap<string, Row>, current: Current): void {
  const known = FAULTS.flatMap(({ id }) => rows.get(id) ?? []);
  for (const [path, text] of [[FILE, `${JSON.stringify(known, null, 1)}\n`], [PAGE, renderPage(known, current)]] as const) {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
}

export const passed = (row: Row): boolean => row.found && row.falsePositives.length === 0 && row.left.length === 0;

/** How many of the faults were found, and how many of the findings were right. */
export function figures(rows: readonly Row[]): { ran: number; found: number; right: number; wrong: number; text: string } {
  const found = rows.filter((row) => row.found).length;
  const right = found + rows.reduce((sum, row) => sum + row.consequences.length, 0);
  const wrong = rows.reduce((sum, row) => sum + row.falsePositives.length, 0);
  const percent = (part: number, whole: number): string => (whole === 0 ? 'no figure' : `${((100 * part) / whole).toFixed(1)} %`);
  return { ran: rows.length, found, right, wrong, text: `recall ${percent(found, rows.length)} (${found} of ${rows.length} faults found by the rule meant for them), precision ${percent(right, right + wrong)} (${right} of ${right + wrong} new findings above info true: ${found} of the faults themselves, ${right - found} declared consequences)` };
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function lineOf(fault: TrialFault, row: Row | undefined, current: Current): string {
  const rule = `[${fault.rule}](../docs/rules/${fault.rule}.md)`;
  if (row === undefined) return `| ${fault.id} | ${cell(fault.what)} | ${rule} | not run | | | |`;
  const verdict = passed(row) ? 'found' : [...(row.found ? [] : ['**missed**']), ...row.falsePositives.map((one) => `**false**: ${one}`), ...row.left.map((one) => `**left**: ${one}`)].join('; ');
  return `| ${fault.id} | ${cell(fault.what)} | ${rule} | ${cell(verdict)} | ${cell(row.summary)} | ${cell(row.consequences.join('; '))} | ${row.seconds} s${row.code === current.get(row.id) ? '' : ' (older code)'} |`;
}

/** The page: figures, then a table for each lab. */
export function renderPage(rows: readonly Row[], current: Current): string {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const old = rows.filter((row) => row.code !== current.get(row.id)).length;
  const machines = [...new Set(rows.map((row) => `${row.machine} (${row.day})`))];
  const meant = new Set(FAULTS.map(({ rule }) => rule));
  const families = Object.entries(Object.groupBy(RULES, ({ id }) => id.split('-')[1] ?? '')).map(([family, all = []]) => `${family} ${all.filter(({ id }) => meant.has(id)).length}/${all.length}`);
  const table = (lab: TrialFault['lab']): string => ['| fault | what is done | meant rule | verdict | what the audit says | consequences | took |', '|---|---|---|---|---|---|---|', ...FAULTS.filter((fault) => fault.lab === lab).map((fault) => lineOf(fault, byId.get(fault.id), current))].join('\n');
  return `# Trial of the audit: faults in a living cluster

Written by \`npm run audit-trial\`, which runs the rows whose code has changed since and can be interrupted at any time. Labs of three nodes, K3s profile, the demo applications; \`fairlead audit --via lab:…\` before each fault, with it, and after it was undone.

${figures(rows).text}. ${FAULTS.length - rows.length} of ${FAULTS.length} rows have not been run. ${old === 0 ? 'All ran on the code that is here.' : `${old} ran on older code than is here; the next run repeats them.`}

A fault is found when the rule that is meant for it says so above \`info\` and names what it was done to. Every other finding above \`info\` that was not there before is false, unless the fault's definition (\`test/audit-trial/faults/\`) declares it as a consequence and says why it is true. After the undo the audit must find what it found before. Findings that come and go while the cluster takes a change up do not count: the audit is asked again, for a minute at most.

Rules that have a fault here, by family: ${families.join(', ')}. The others need what these labs have not: Cilium, several servers, IPv6, old kernels or releases, or states of one machine's kernel that all its nodes share.

Machine: ${machines.join('; ') || 'none yet'}.

## With Flannel

${table('flannel')}

## With Calico

${table('calico')}
`;
}
