/** `node bench/diagnose/trial.ts`: makes faults in living labs, one case at a time, and tells what `fairlead diagnose` says of them. Runs the rows that failed or whose code has changed since, and stores each result as it comes. */
import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { DiagnosisReport } from '../../src/diagnose/report/schema.ts';
import type { LabKind } from '../audit-trial/fault.ts';
import { machine } from '../sweep/table.ts';
import { CASES } from './cases.ts';
import { codeDigests } from './digest.ts';
import type { Place } from './draw.ts';
import { figuresOf } from './figures.ts';
import { BlindLab } from './lab.ts';
import { figureLines, passed, readRows, scored, writeRows } from './table.ts';
import { NotShown, runCase } from './trial.ts';

/** How long a lab that has just come up, or has had a fault, may take until everything works. */
const WHOLE_MS = 180_000;

const say = (text: string): void => void process.stderr.write(text);

/** A lab in which everything works. Errors: one that says what does not. */
async function ready(lab: BlindLab, kind: LabKind, attach: boolean): Promise<readonly Place[]> {
  say(`a lab with ${kind} …\n`);
  await (attach ? lab.attach(kind) : lab.up(kind));
  const places = await lab.places();
  const failed = await lab.untilWhole(places, WHOLE_MS);
  if (failed.length > 0) throw new Error(`the lab does not work before anything was done to it: ${failed.join('; ')}`);
  return places;
}

function keepReports(directory: string, id: string, reports: readonly DiagnosisReport[]): void {
  mkdirSync(directory, { recursive: true });
  for (const [index, report] of reports.entries()) writeFileSync(join(directory, `${id}-${index + 1}.json`), `${JSON.stringify(report, null, 2)}\n`);
}

/** Runs what the command line asks for. Sets the exit code to 1 when something failed or is missing. */
export async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      /** Only cases whose id matches this regular expression. */
      only: { type: 'string', default: '' },
      /** Also rows that are up to date. */
      again: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      lab: { type: 'string', default: 'blind' },
      /** Draws as an earlier run did; without it each run draws anew. */
      seed: { type: 'string' },
      /** Takes the lab that an earlier run has left, and leaves it: for work on the cases themselves. */
      attach: { type: 'boolean', default: false },
      /** Leaves the lab as it is. */
      keep: { type: 'boolean', default: false },
      /** A directory for the whole reports of what failed. */
      reports: { type: 'string' },
    },
  });
  const current = await codeDigests(CASES);
  const known = readRows();
  const pattern = new RegExp(values.only);
  const due = CASES.filter(({ id }) => { const row = known.get(id); return pattern.test(id) && (values.again || row === undefined || row.code !== current.get(id) || !passed(row)); });
  if (values.list) {
    for (const { id } of due) process.stdout.write(`${id}\n`);
    return;
  }
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
  say(`${due.length} rows to run, seed ${seed}\n`);
  for (const kind of ['flannel', 'calico'] as const) if (due.some(({ lab }) => lab === kind)) await runKind(kind);
  const rows = [...readRows().values()];
  writeRows(readRows(), current);
  process.stdout.write(`${figureLines(figuresOf(scored(rows))).join('\n')}\n`);
  if (rows.some((row) => !passed(row)) || rows.length < CASES.length) process.exitCode = 1;

  /** All due cases of one kind of lab. A case that leaves something costs the lab, and the next gets a new one. */
  async function runKind(kind: LabKind): Promise<void> {
    const lab = new BlindLab(values.lab);
    let places: readonly Place[] | undefined;
    try {
      for (const one of due.filter(({ lab: wanted }) => wanted === kind)) {
        const there = places ?? (await ready(lab, kind, values.attach));
        places = there;
        say(`${one.id} …\n`);
        try {
          const { reports, ...tried } = await runCase(lab, one, there, seed);
          const row = { ...tried, code: current.get(one.id) ?? '', day: new Date().toISOString().slice(0, 10), machine: machine() };
          const all = readRows();
          writeRows(all.set(row.id, row), current);
          if (values.reports !== undefined && !passed(row)) keepReports(values.reports, row.id, reports);
          say(`  ${passed(row) ? 'passed' : 'FAILED'}: ${row.drawn}\n  read: ${row.texts.join(' / ')}\n  said: ${row.summaries.join(' / ')}\n  first ${row.top.join(', ')}; network ${row.network}; broken ${row.broken.join(', ') || '-'}; ${row.seconds.join(' + ')} s${row.falselyProved.map((id) => `\n  WRONGLY PROVED: ${id}`).join('')}${row.left.map((left) => `\n  LEFT: ${left}`).join('')}\n`);
          if (row.left.length > 0) places = undefined;
        } catch (error) {
          say(`  ${error instanceof NotShown ? 'NOT SHOWN' : 'could not be made or undone'}: ${error instanceof Error ? error.message : String(error)}\n`);
          process.exitCode = 1;
          const failed = await lab.untilWhole(there, WHOLE_MS).catch((cause: unknown) => [String(cause)]);
          if (failed.length > 0) places = undefined;
        }
      }
    } finally {
      if (!values.attach && !values.keep) await lab.down();
    }
  }
}
