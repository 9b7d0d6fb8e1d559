/** `npm run audit-trial`: makes faults in living labs, one at a time, and tells which of them `fairlead audit` finds. Runs the rows whose code has changed since, and stores each result as it comes. */
import { parseArgs } from 'node:util';
import { machine } from '../sweep/table.ts';
import { codeDigests } from './digest.ts';
import type { LabKind } from './fault.ts';
import { FAULTS } from './faults.ts';
import { leftOver, weighty } from './judge.ts';
import { TrialLab, type Audit } from './lab.ts';
import { figures, passed, readRows, writeRows } from './table.ts';
import { restingAudit, runFault } from './trial.ts';

const { values } = parseArgs({
  options: {
    /** Only faults whose id matches this regular expression. */
    only: { type: 'string', default: '' },
    /** Also rows that are up to date. */
    again: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    lab: { type: 'string', default: 'trial' },
    /** Takes the lab that an earlier run has left, and leaves it: for work on the faults themselves. */
    attach: { type: 'boolean', default: false },
  },
});

const say = (text: string): void => void process.stderr.write(text);
const current = await codeDigests(FAULTS);
const known = readRows();
const pattern = new RegExp(values.only);
const due = FAULTS.filter(({ id }) => pattern.test(id) && (values.again || known.get(id)?.code !== current.get(id) || !passed(known.get(id) as NonNullable<ReturnType<typeof known.get>>)));

/** All due faults of one kind of lab. A fault that leaves something costs the lab, and the next gets a new one. */
async function runKind(kind: LabKind): Promise<void> {
  const lab = new TrialLab(values.lab);
  let before: Audit | undefined;
  try {
    for (const fault of due.filter((one) => one.lab === kind)) {
      if (before === undefined) {
        say(`a lab with ${kind} …\n`);
        await (values.attach ? lab.attach(kind) : lab.up(kind));
        before = await restingAudit(lab);
        for (const { rule, summary } of weighty(before.findings)) say(`  found without a fault: ${rule} ${summary}\n`);
      }
      say(`${fault.id} …\n`);
      const resting = before.findings;
      try {
        const { row, after } = await runFault(lab, fault, before);
        const rows = readRows();
        rows.set(row.id, { ...row, code: current.get(row.id) ?? '', day: new Date().toISOString().slice(0, 10), machine: machine() });
        writeRows(rows, current);
        say(`  ${row.found ? 'found' : 'MISSED'} by ${fault.rule} after ${row.seconds} s${row.falsePositives.map((one) => `\n  FALSE: ${one}`).join('')}${row.left.map((one) => `\n  LEFT: ${one}`).join('')}${row.unknown.map((one) => `\n  not known: ${one}`).join('')}\n`);
        before = row.left.length === 0 ? after : undefined;
      } catch (error) {
        say(`  could not be made or undone: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exitCode = 1;
        const again = await restingAudit(lab).catch(() => undefined);
        before = again !== undefined && leftOver(resting, again.findings).length === 0 ? again : undefined;
      }
    }
  } finally {
    if (!values.attach) await lab.down();
  }
}

if (values.list) for (const { id } of due) process.stdout.write(`${id}\n`);
else {
  say(`${due.length} rows to run\n`);
  for (const kind of ['flannel', 'calico'] as const) if (due.some((one) => one.lab === kind)) await runKind(kind);
  const rows = [...readRows().values()];
  writeRows(readRows(), current);
  process.stdout.write(`${figures(rows).text}\n`);
  if (rows.some((row) => !passed(row)) || rows.length < FAULTS.length) process.exitCode = 1;
}
