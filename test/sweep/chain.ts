/** One lab, one migration, and what goes wrong with it again and again: runs rows of the sweep one after the other. */
import { dirname, join } from 'node:path';
import { journalPath } from '../../src/lab/faults/faults.ts';
import { readRecords } from '../../src/lab/faults/record.ts';
import { readJournal } from '../../src/migrate/journal.ts';
import { replay } from '../../src/migrate/journal/replay.ts';
import type { JournalEntry } from '../../src/migrate/journal/entries.ts';
import { SAMPLES_GZ } from '../../src/probe/mesh/sink.ts';
import { notGreen } from './green.ts';
import { groupOf, lastStep, type Incident } from './incidents.ts';
import { countLosses } from './losses.ts';
import type { Result } from './result.ts';
import { runTool, type Ended } from './tool.ts';

export interface Chain {
  lab: string;
  /** Told what the tool says, as it says it. */
  log: (text: string) => void;
}

const GREEN_MS = 180_000;
const RUN_MS = 1_200_000;

const via = (chain: Chain): string[] => ['--via', `lab:${chain.lab}`];
/** A step's id in the lab's own plan. */
const inLab = (chain: Chain, id: string): string => id.replace(/(?<=node:|clean-node:|switch-off:)(?=(agent|server)-)/g, `${chain.lab}-`);

async function ok(chain: Chain, ...words: string[]): Promise<void> {
  const ended = await runTool(words, { timeoutMs: RUN_MS, log: chain.log });
  if (ended.code !== 0) throw new Error(`fairlead ${words.join(' ')} exited ${ended.code}:\n${ended.stderr.slice(-3000)}`);
}

/** Starts the migration, or goes on with it. */
async function forward(chain: Chain, journal: string, until?: (entry: JournalEntry) => boolean): Promise<Ended> {
  const state = replay(await readJournal(journal));
  const stands = state.plan !== null && state.finished === null && !(state.rollback === null && [...state.steps.values()].every((step) => step.status === 'undone'));
  const start = stands ? ['migrate', 'resume'] : ['migrate', '--yes', '--accept', 'api-server', '--drain-timeout', '60s'];
  return runTool([...start, ...via(chain), '--gate-window', '4s', '--keep-agents'], { timeoutMs: RUN_MS, journal, log: chain.log, ...(until ? { until } : {}) });
}

/** A row needs its step to come yet: when its node has moved already, it goes back first. */
async function makeRoom(chain: Chain, journal: string, incident: Incident): Promise<void> {
  const step = inLab(chain, incident.step);
  const group = groupOf(step);
  if (replay(await readJournal(journal)).steps.get(step)?.status !== 'done') return;
  const target = group.startsWith('node:') ? ['--node', group.slice('node:'.length)] : ['--all'];
  await ok(chain, 'migrate', 'rollback', ...target, ...via(chain), '--gate-window', '4s', '--keep-agents');
}

async function arm(chain: Chain, incident: Incident): Promise<void> {
  const { fault, node, step, phase, afterMs, forMs } = incident;
  await ok(chain, 'lab', 'fault', fault, '--name', chain.lab, '--at-step', inLab(chain, step), '--phase', phase,
    ...(node === undefined ? [] : ['--node', node]), ...(afterMs === 0 ? [] : ['--after', `${afterMs}ms`]), ...(forMs === undefined ? [] : ['--for', `${forMs / 1000}s`]));
}

const stepDone = (id: string) => (entry: JournalEntry): boolean => entry.type === 'step-done' && entry.step === id;

/** Where the kill hit, by the last entry before it. */
function hitAt(entries: readonly JournalEntry[]): string {
  const last = entries.at(-1);
  return last === undefined ? 'before the first entry' : `${last.type}${'step' in last ? ` of ${last.step}` : ''}`;
}

/** After a kill: goes on or back as the row asks. Resolves what happened and what was wrong. */
async function afterKill(chain: Chain, journal: string, incident: Incident): Promise<{ what: string; problems: string[] }> {
  const step = inLab(chain, incident.step);
  const hit = hitAt(await readJournal(journal));
  if (incident.asked === 'resume') {
    const ended = await forward(chain, journal, stepDone(inLab(chain, lastStep(incident))));
    const { status } = replay(await readJournal(journal)).steps.get(step) ?? {};
    const good = status === 'done' && [0, 5].includes(ended.code);
    return { what: `killed after ${hit}; resumed`, problems: good ? [] : [`resume exited ${ended.code}, the step is ${status ?? 'not begun'}: ${tail(ended)}`] };
  }
  const group = groupOf(step);
  const target = group.startsWith('node:') ? ['--node', group.slice('node:'.length)] : ['--all'];
  const ended = await runTool(['migrate', 'rollback', ...target, ...via(chain), '--gate-window', '4s', '--keep-agents'], { timeoutMs: RUN_MS, log: chain.log });
  const left = [...replay(await readJournal(journal)).steps.values()].filter((one) => (group.startsWith('node:') ? one.group === group : true) && one.status !== 'undone');
  return {
    what: `killed after ${hit}; rolled back ${group.startsWith('node:') ? group : 'everything'}`,
    problems: [...(ended.code === 0 ? [] : [`rollback exited ${ended.code}: ${tail(ended)}`]), ...left.map((one) => `${one.id} is ${one.status} after the rollback`)],
  };
}

function tail(ended: Ended): string {
  return ended.stderr.trim().split('\n').slice(-4).join(' | ');
}

/** What the tool did about a fault by itself: rolled back, carried through, or neither. */
function judgeAlone(ended: Ended, entries: readonly JournalEntry[], incident: Incident, step: string): { what: string; problems: string[] } {
  const failed = entries.findLast((entry) => entry.type === 'step-failed');
  if (ended.code === 4) {
    const undone = entries.some((entry) => entry.type === 'group-rolled-back');
    const why = failed?.type === 'step-failed' ? `${failed.step}, ${failed.phase}: ${failed.error}` : 'no reason in the journal';
    return { what: `rolled back (exit 4): ${why}`, problems: undone && failed !== undefined ? [] : ['the journal does not tell the story: no failed step, or no group rolled back'] };
  }
  const through = entries.some(stepDone(step));
  if (through && (ended.code === 0 || ended.interrupted)) return { what: 'carried through', problems: [] };
  return { what: `exit ${ended.code}`, problems: [`${incident.fault} was neither rolled back nor carried through: ${tail(ended)}`] };
}

/** Runs one row on a lab that is up. Never throws for what the tool does wrong: that is the row's result. */
export async function runIncident(chain: Chain, incident: Incident): Promise<Result> {
  const began = Date.now();
  const journal = await journalPath(chain.lab);
  await makeRoom(chain, journal, incident);
  const since = Date.now();
  await arm(chain, incident);
  const until = inLab(chain, lastStep(incident));
  // A step that is killed never comes to its end; should the kill come too late, the row ends all the same.
  const ended = await forward(chain, journal, stepDone(until));
  const entries = (await readJournal(journal)).filter((entry) => entry.t >= since);
  const killed = incident.asked !== 'nothing';
  const came = killed
    ? ended.code === 137 ? await afterKill(chain, journal, incident) : { what: `exit ${ended.code}`, problems: [`the tool was not killed: ${tail(ended)}`] }
    : judgeAlone(ended, entries, incident, until);
  let { problems } = came;
  const record = readRecords(chain.lab).find((one) => one.fault === incident.fault);
  if (record === undefined || ['armed', 'failed'].includes(record.state)) problems = [...problems, `the fault did not act: ${record?.error ?? record?.state ?? 'not recorded'}`];
  await ok(chain, 'lab', 'fault', 'clear', '--name', chain.lab);
  const yellow = await notGreen(chain.lab, GREEN_MS);
  const node = incident.node === undefined ? undefined : `${chain.lab}-${incident.node}`;
  const lost = await countLosses(join(dirname(journal), 'mesh', SAMPLES_GZ), since, { node, hits: incident.hits });
  problems = [...problems, ...yellow.map((one) => `not whole afterwards: ${one}`), ...(lost.elsewhere > 0 ? [`lost elsewhere: ${lost.examples.join('; ')}`] : [])];
  return {
    id: incident.id, outcome: problems.length === 0 ? 'pass' : 'fail', what: came.what, problems,
    sent: lost.sent, lostThere: lost.there, lostElsewhere: lost.elsewhere, stalled: lost.stalled, seconds: Math.round((Date.now() - began) / 1000),
  };
}

/** Brings the migration to its end and looks for what is left. Resolves what is wrong. */
export async function finishMigration(chain: Chain): Promise<string[]> {
  const ended = await forward(chain, await journalPath(chain.lab));
  const left = await runTool(['leftovers', ...via(chain)], { timeoutMs: RUN_MS });
  return [...(ended.code === 0 ? [] : [`the migration ended with ${ended.code}: ${tail(ended)}`]), ...(left.code === 0 ? [] : [`left of the old CNI:\n${left.stdout}`]), ...(await notGreen(chain.lab, GREEN_MS))];
}
