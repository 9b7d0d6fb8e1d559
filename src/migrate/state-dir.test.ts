import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resumeMigration, rollbackMigration, runMigration } from './engine.ts';
import type { EngineOptions } from './engine/session.ts';
import type { Journal } from './journal.ts';
import { beginMigration, continueMigration, migrationDir } from './state-dir.ts';
import { migrationStatus, renderStatus } from './status.ts';
import { ModelWorld, modelGate, modelPlan, writeHandlers, writeStep } from './testing/model-world.ts';

const plan = modelPlan([writeStep('prepare/crds', 'prepare', { crds: 'there' }), writeStep('a/move', 'node:a', { a: 'new' }, { gate: true })]);
const other = modelPlan([writeStep('prepare/other', 'prepare', { x: '1' })]);
let dir: string;
let world: ModelWorld;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fairlead-state-'));
  world = new ModelWorld({ a: 'old' });
});
afterEach(async () => rm(dir, { recursive: true }));
const options = (journal: Journal): EngineOptions<null> => ({ plan, ctx: null, journal, gate: modelGate(world), handlers: writeHandlers(world), limits: { pauseMs: 0 } });

it('lies where the XDG specification wants state', () => {
  expect(migrationDir('0-1', { XDG_STATE_HOME: '/s', HOME: '/h' })).toBe('/s/fairlead/migrations/0-1');
  expect(migrationDir('0-1', { XDG_STATE_HOME: 'relative', HOME: '/h' })).toBe('/h/.local/state/fairlead/migrations/0-1');
  expect(() => migrationDir('../x', {})).toThrow('is not the UID of a namespace');
});

it('says that there is none before one began', async () => {
  await expect(continueMigration(dir)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('there is no migration of this cluster') });
  expect(await readdir(dir)).toEqual([]);
});

it('goes on with the plan that was begun, and lets no other begin meanwhile', async () => {
  const stop = new AbortController();
  const journal = await beginMigration(dir, plan);
  const outcome = await runMigration({ ...options(journal), signal: stop.signal, onEvent: (event) => event.type === 'entry' && event.entry.type === 'step-done' && stop.abort() });
  expect(outcome.kind).toBe('interrupted');
  expect(migrationStatus(plan, journal.entries)).toMatchObject({ phase: 'interrupted', done: 1, next: 'fairlead migrate resume' });
  await journal.close();

  await expect(beginMigration(dir, other)).rejects.toThrow(`a migration of this cluster is under way (plan ${plan.digest.slice(0, 12)}`);
  const again = await continueMigration(dir);
  expect(again.plan).toEqual(plan);
  await expect(resumeMigration({ ...options(again.journal), plan: other })).rejects.toThrow('is of plan');
  expect(await resumeMigration(options(again.journal))).toMatchObject({ kind: 'migrated' });
  expect(renderStatus(migrationStatus(plan, again.journal.entries))).toMatch(/^old to new: migrated, 2 of 2 steps done \(plan [0-9a-f]{12}\)\nthe preparation:\n {2}done {5}prepare\/crds {2}writes crds \(0\.\d s\)\nnode a:\n/);
  await again.journal.close();
});

it('keeps a finished migration beside the next', async () => {
  const journal = await beginMigration(dir, plan);
  await runMigration(options(journal));
  await rollbackMigration({ ...options(journal), target: 'all' });
  await journal.close();
  const next = await beginMigration(dir, other);
  expect(next.entries).toEqual([]);
  await next.close();
  expect((await readdir(dir)).map((name) => name.replace(/-\d{4}.*Z/, '-TIME')).toSorted()).toEqual(['journal-TIME.ndjson', 'journal.ndjson', 'plan-TIME.json', 'plan.json']);
});

it('shows a step that failed and what to do', async () => {
  const journal = await beginMigration(dir, plan);
  await runMigration({ ...options(journal), gate: async () => ({ verdict: 'fail', reasons: ['3 lost'], figures: null }) });
  const status = migrationStatus(plan, journal.entries);
  expect(status).toMatchObject({ phase: 'rolling-back', failure: { step: 'a/move', phase: 'gate', evidence: ['3 lost'] }, next: 'fairlead migrate rollback --node a' });
  await journal.close();
});
