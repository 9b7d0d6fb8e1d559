import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resumeMigration, runMigration } from '../engine.ts';
import { openJournal } from '../journal.ts';
import type { Journal } from '../journal.ts';
import { ModelWorld, modelGate, modelPlan, writeHandlers, writeStep } from '../testing/model-world.ts';
import type { StepHandler } from '../types.ts';
import type { EngineEvent } from './ports.ts';
import type { EngineOptions } from './session.ts';

const plan = modelPlan([
  writeStep('prepare/crds', 'prepare', { crds: 'there' }),
  writeStep('a/move', 'node:a', { a: 'new' }, { gate: true }),
  writeStep('b/move', 'node:b', { b: 'new' }, { gate: true }),
]);

let dir: string;
let world: ModelWorld;
let journal: Journal;
let events: EngineEvent[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fairlead-repair-'));
  world = new ModelWorld({ a: 'old', b: 'old' });
  journal = await openJournal(dir);
  events = [];
});
afterEach(async () => {
  await journal.close();
  await rm(dir, { recursive: true });
});

/** Options of a run over the model whose steps repair themselves like this; `lose` may take something away while it runs. */
function options(repair: StepHandler<null>['repair'], lose: (event: EngineEvent) => void = () => undefined): EngineOptions<null> {
  const { write } = writeHandlers(world);
  const onEvent = (event: EngineEvent): void => {
    events.push(event);
    lose(event);
  };
  return { plan, ctx: null, journal, gate: modelGate(world), limits: { pauseMs: 0 }, onEvent, handlers: { write: { ...(write as StepHandler<null>), ...(repair ? { repair } : {}) } } };
}

/** Writes again what is not as the step left it. */
const writeAgain: StepHandler<null>['repair'] = async (_ctx, step) => {
  const lost = Object.entries(step.params as Record<string, string>).filter(([key, value]) => world.values.get(key) !== value);
  for (const [key, value] of lost) world.set(key, value);
  return lost.map(([key]) => `${key} is back`);
};

it('puts back what was lost of done steps before a gate judges and when a run goes on; what was undone stays so', async () => {
  world.inject('gate b/move');
  await runMigration(options(writeAgain, (event) => {
    if (event.type === 'entry' && event.entry.type === 'step-applied' && event.entry.step === 'b/move') world.set('crds', null);
  }));
  expect(world.snapshot()).toEqual({ a: 'new', b: 'old', crds: 'there' });
  expect(journal.entries.filter((entry) => entry.type === 'repaired')).toMatchObject([{ step: 'prepare/crds', evidence: ['crds is back'] }]);
  world.set('a', 'lost');
  expect(await resumeMigration(options(writeAgain))).toMatchObject({ kind: 'migrated' });
  expect(journal.entries.filter((entry) => entry.type === 'repaired').map((entry) => entry.step)).toEqual(['prepare/crds', 'a/move']);
  expect(world.snapshot()).toEqual({ a: 'new', b: 'new', crds: 'there' });
});

it('goes on to the gate when a repair fails', async () => {
  expect(await runMigration(options(() => Promise.reject(new Error('the node is away'))))).toMatchObject({ kind: 'migrated' });
  expect(events.find((event) => event.type === 'retry')).toMatchObject({ phase: 'repair', step: 'prepare/crds', error: 'the node is away' });
});
