/** `npm run sweep`: runs the rows whose code has changed since they were run, and stores each result as it comes. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { finishMigration, runIncident, type Chain } from './chain.ts';
import { rowDigests } from './digest.ts';
import { FAULTS, groupOf, inOrder, KILLS, STEPS, type Incident } from './incidents.ts';
import { machine, readRows, writeRows, type Current } from './table.ts';
import { runTool } from './tool.ts';

const { values } = parseArgs({
  options: {
    /** Only rows whose id matches this regular expression. */
    only: { type: 'string', default: '' },
    /** Also rows that are up to date. */
    again: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    lab: { type: 'string', default: 'sweep' },
    /** Shows what the tool says. */
    verbose: { type: 'boolean', default: false },
  },
});

// Journals of a sweep are nobody's own migrations.
process.env['XDG_STATE_HOME'] ??= mkdtempSync(join(tmpdir(), 'fairlead-sweep-'));

const say = (text: string): void => void process.stderr.write(text);
const chain: Chain = { lab: values.lab, log: (text) => (values.verbose ? say(text) : undefined) };

async function labUp(): Promise<void> {
  for (const words of [['down'], ['up', '--apps']]) {
    const ended = await runTool(['lab', ...words, '--name', chain.lab], { timeoutMs: 3_600_000, log: chain.log });
    if (ended.code !== 0) throw new Error(`lab ${words.join(' ')} failed:\n${ended.stderr.slice(-3000)}`);
  }
}

/** Brings the lab's migration to its end. Resolves whether all was well. */
async function finish(): Promise<boolean> {
  const wrong = await finishMigration(chain);
  say(wrong.length === 0 ? 'the migration was then brought to its end; nothing is left of the old CNI\n' : `at the end: ${wrong.join('; ')}\n`);
  return wrong.length === 0;
}

/** Rows of one lab: a commit cannot be undone, so whatever comes after a row of it needs a new one; so does what comes after a row that went wrong. */
async function runRows(wanted: readonly Incident[], current: Current): Promise<boolean> {
  let usable = false;
  let good = true;
  for (const incident of wanted) {
    if (!usable) await labUp();
    say(`${incident.id} …\n`);
    const result = await runIncident(chain, incident);
    const rows = readRows();
    rows.set(result.id, { ...result, code: current.get(result.id) ?? '', day: new Date().toISOString().slice(0, 10), machine: machine() });
    writeRows(rows, current);
    say(`  ${result.outcome} after ${result.seconds} s: ${result.what}; ${result.sent} probes, ${result.lostThere} lost there, ${result.lostElsewhere} elsewhere\n${result.problems.map((problem) => `    ${problem}\n`).join('')}`);
    usable = result.outcome === 'pass';
    good &&= usable;
    // The last of these brings the migration to its end by itself.
    if (groupOf(incident.step) === 'commit') usable = false;
  }
  return usable ? (await finish()) && good : good;
}

const all = [...KILLS, ...FAULTS];
const current: Current = await rowDigests(all);
const known = readRows();
const pattern = new RegExp(values.only);
const due = all.filter(({ id }) => pattern.test(id) && (values.again || known.get(id)?.code !== current.get(id) || known.get(id)?.outcome !== 'pass'));
say(`${due.length} rows to run\n`);
if (values.list) for (const { id } of inOrder(due)) process.stdout.write(`${id}\n`);
else {
  // Rows that take everything back cost a migration each when they come late: they have a lab of their own, as have the others.
  const late = (incident: Incident): boolean => incident.asked === 'rollback' && STEPS.indexOf(incident.step) >= STEPS.indexOf('settle/finish');
  const parts = [due.filter((one) => one.asked === 'nothing'), due.filter((one) => one.asked === 'resume'), due.filter((one) => one.asked === 'rollback' && !late(one)), due.filter(late)];
  let good = true;
  for (const part of parts) if (part.length > 0) good = (await runRows(inOrder(part), current)) && good;
  await runTool(['lab', 'down', '--name', chain.lab], { timeoutMs: 120_000 });
  process.exitCode = good ? 0 : 1;
}
