import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { aggregate } from '../probe/stats/aggregate.ts';
import { PROBE_CLASSES, type Sample } from '../probe/types.ts';
import { resumeMigration, runMigration } from './engine.ts';
import type { EngineOptions } from './engine/session.ts';
import { openJournal } from './journal.ts';
import type { Journal } from './journal.ts';
import { windowsOf } from './journal/replay.ts';
import { buildReport, renderReportMarkdown, verdictLine } from './report.ts';
import { reportSchema } from './report-schema.ts';
import type { Report } from './report-schema.ts';
import { ModelWorld, modelGate, modelPlan, writeHandlers, writeStep } from './testing/model-world.ts';

const plan = modelPlan([
  writeStep('prepare/crds', 'prepare', { crds: 'there' }),
  writeStep('a/move', 'node:a', { a: 'new' }, { gate: true, impact: [{ classes: ['pod-to-pod'], scope: 'either', node: 'a', maxMs: 1_000, reason: 'pods of a restart' }] }),
  writeStep('commit/clean', 'commit', { old: 'gone' }),
]);
/** Classes that the samples of these tests are not of. */
const OTHERS = PROBE_CLASSES.filter((name) => name !== 'pod-to-pod').join(', ');
let dir: string;
let journal: Journal;
let now: number;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fairlead-report-'));
  now = 1_000;
  journal = await openJournal(dir, () => (now += 100));
});
afterEach(async () => {
  await journal.close();
  await rm(dir, { recursive: true });
});
const sample = (t: number, ok = true): Sample => ({ t, class: 'pod-to-pod', probe: 'udp', from: 'pod/a', to: 'pod/b', seq: t, ok, rttMs: ok ? 1.5 : null });
function options(world: ModelWorld): EngineOptions<null> {
  return { plan, ctx: null, journal, gate: modelGate(world), handlers: writeHandlers(world), limits: { pauseMs: 0 } };
}
function report(samples: readonly Sample[]): Report {
  const probes = aggregate(samples, windowsOf(journal.entries));
  return buildReport({ plan, entries: journal.entries, probes, nodes: [{ name: 'a', cni: 'new' }], tool: '0.1.0', now: new Date(0) });
}

it('tells each step, what was announced, and what was lost in and outside of it', async () => {
  await runMigration(options(new ModelWorld({ a: 'old', old: 'there' })));
  const [window] = windowsOf(journal.entries);
  const opened = window?.openedAt ?? 0;
  const samples = Array.from({ length: 400 }, (_, index) => sample(opened - 10_000 + index * 50));
  const lossless = report([...samples, sample(opened + 1, false)]);
  expect(reportSchema.parse(lossless)).toEqual(lossless);
  expect(lossless.steps.map(({ id, node, outcome }) => [id, node, outcome])).toEqual([['prepare/crds', null, 'done'], ['a/move', 'a', 'done'], ['commit/clean', null, 'done']]);
  expect(lossless).toMatchObject({ outcome: 'migrated', verdict: 'pass', totals: { sent: 401, lost: 1, announcedLost: 1, unannouncedLost: 0 } });
  expect(verdictLine(lossless)).toBe(`PASS: 0 of 401 lost (≤ 0.75 % at 95 %, losses come in bursts) beyond what was announced, 1 as announced. Not measured, so unknown: ${OTHERS}.`);
  expect(lossless.unmeasured.join(', ')).toBe(OTHERS);

  const lossy = report([...samples, sample(opened + 1, false), sample(opened + 9_000, false)]);
  expect(lossy.verdict).toBe('fail');
  expect(verdictLine(lossy)).toMatch(/^FAIL: 1 of 402 lost \(≤ 1\.2 % at 95 %/);
  expect(verdictLine(report([]))).toBe('UNKNOWN: no probe was sent, so nothing can be said about loss.');
});

it('has a row for each try of a step and says what failed', async () => {
  const world = new ModelWorld({ a: 'old', old: 'there' });
  await runMigration({ ...options(world), gate: async (_step, _windows, purpose) => (purpose === 'step' ? { verdict: 'fail', reasons: ['3 of 20 lost'], figures: null } : { verdict: 'pass', reasons: [], figures: null }) });
  expect(report([]).outcome).toBe('unfinished');
  await resumeMigration(options(world));
  const done = report([sample(1)]);
  expect(done.steps.map(({ id, outcome }) => [id, outcome])).toEqual([['prepare/crds', 'done'], ['a/move', 'failed'], ['a/move', 'done'], ['commit/clean', 'done']]);
  expect(done.announcements.map(({ reason }) => reason)).toEqual(['pods of a restart', 'undo: pods of a restart', 'pods of a restart']);
  const text = renderReportMarkdown(done);
  expect(text).toContain('- `a/move`, gate: the gate failed\n  - 3 of 20 lost\n');
  expect(text).toContain('| `a/move` | a | failed | ');
  expect(text).toContain('| node-port | not measured | unknown | unknown | – | – | – | – |');
  expect(text).toContain('| pod-to-pod | 1 | 0 | 0 | 0 | – | 1.5 ms | 1.5 ms |');
});

it('shows steps that never began', () => {
  expect(report([]).steps.map(({ outcome, startedAt }) => [outcome, startedAt])).toEqual([['pending', null], ['pending', null], ['pending', null]]);
});
