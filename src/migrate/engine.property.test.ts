import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { resumeMigration, rollbackMigration, runMigration } from './engine.ts';
import type { Outcome } from './engine/outcome.ts';
import { openJournal } from './journal.ts';
import type { Journal } from './journal.ts';
import { replay } from './journal/replay.ts';
import { Dead, ModelWorld, expected, modelGate, modelPlan, mortalJournal, writeHandlers, writeStep } from './testing/model-world.ts';
import type { Injection } from './testing/model-world.ts';
import type { Plan, StepGroup } from './types.ts';

const value = fc.constantFrom('0', '1', '2');
/** Nodes write their own keys; settle may write over theirs, since it is always undone before any of them. */
const keys: Record<string, string[]> = {
  'prepare': ['c1', 'c2'], 'node:a': ['a1', 'a2'], 'node:b': ['b1', 'b2'], 'settle': ['c1', 'a1', 'b1'], 'commit': ['c2', 'a2', 'x'],
};
const groupSteps = (group: StepGroup) =>
  fc.array(fc.record({ writes: fc.dictionary(fc.constantFrom(...(keys[group] ?? [])), value, { minKeys: 1 }), gate: fc.boolean() }), { maxLength: 3 })
    .map((steps) => steps.map(({ writes, gate }, index) => writeStep(`${group}/${index}`, group, { ...writes }, { gate })));
const planArb: fc.Arbitrary<Plan> = fc
  .tuple(groupSteps('prepare'), groupSteps('node:a'), groupSteps('node:b'), groupSteps('settle'), groupSteps('commit'))
  .map((groups) => groups.flat())
  .filter((steps) => steps.length > 0)
  .map(modelPlan);

/** Deaths and failures anywhere, and a death soon after a failure: in the midst of a rollback. */
const injectionsArb = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(90), fc.constantFrom<Injection>('fail', 'die', 'die-after')), { maxLength: 3 }),
    fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 14 }), fc.constantFrom<Injection>('die', 'die-after')), { maxLength: 2 }),
  )
  .map(([single, pairs]) => new Map<number, Injection>([...pairs.flatMap(([at, later, death]): [number, Injection][] => [[at, 'fail'], [at + later, death]]), ...single]));
const sessionArb = fc.record({
  injections: injectionsArb,
  command: fc.constantFrom('resume', 'resume', 'rollback-all', 'rollback-a'),
  torn: fc.constantFrom('', '{"n":', '{"hash":"00","n":3,"type":"undo-d', '\0\0\0\0'),
});

it('always ends fully applied or fully restored, whatever fails and whenever the tool dies', async () => {
  await fc.assert(
    fc.asyncProperty(planArb, fc.dictionary(fc.constantFrom('c1', 'c2', 'a1', 'a2', 'b1', 'x'), value), fc.array(sessionArb, { maxLength: 5 }), fc.boolean(), async (plan, start, sessions, back) => {
      const initial = { ...start };
      const dir = await mkdtemp(join(tmpdir(), 'fairlead-engine-'));
      try {
        const world = new ModelWorld(initial);
        for (const session of sessions) {
          world.begin(session.injections);
          const outcome = await runSession(dir, plan, world, session.command);
          if (world.dead) await appendFile(join(dir, 'journal.ndjson'), session.torn);
          else await assertConsistent(dir, plan, world, initial, outcome);
        }
        await finish(dir, plan, world, initial, back);
      } finally {
        await rm(dir, { recursive: true });
      }
    }),
    { numRuns: Number(process.env['FAIRLEAD_PROPERTY_RUNS'] ?? 150) },
  );
}, 120_000);

/** One process: opens the journal, does the command, and is gone. */
async function runSession(dir: string, plan: Plan, world: ModelWorld, command: string): Promise<Outcome | undefined> {
  const journal = await openJournal(dir);
  try {
    const state = replay(journal.entries);
    const options = {
      plan, ctx: null, gate: modelGate(world), journal: mortalJournal(journal, world), limits: { pauseMs: 0 },
      handlers: writeHandlers(world, (step, captured) => assertIntent(journal, step.id, captured)),
    };
    if (state.plan === null) return await runMigration(options);
    if (state.finished === 'rolled-back') return undefined;
    if (command === 'resume' || state.committed) return await resumeMigration(options);
    const target = command === 'rollback-a' && plan.steps.some((step) => step.group === 'node:a') ? 'a' : 'all';
    return await rollbackMigration({ ...options, target });
  } catch (error) {
    if (error instanceof Dead) return undefined;
    throw error;
  } finally {
    await journal.close();
  }
}

/** Undo data is durable before the step acts: read back from the disk, not from memory. */
function assertIntent(journal: Journal, step: string, captured: unknown): void {
  const known = replay(journal.entries).steps.get(step);
  expect(known?.status, `status of ${step} while it acts`).toBe('in-doubt');
  expect(known?.captured).toEqual(captured);
}

/** After a run that came to its own end and left nothing in doubt, the world holds exactly the steps that are done. */
async function assertConsistent(dir: string, plan: Plan, world: ModelWorld, initial: Record<string, string>, outcome: Outcome | undefined): Promise<void> {
  const journal = await openJournal(dir);
  await journal.close();
  const state = replay(journal.entries);
  const doubtful = [...state.steps.values()].filter((step) => step.status === 'in-doubt' || step.status === 'undoing');
  if (outcome?.kind === 'rolled-back' || outcome?.kind === 'migrated') expect(doubtful).toEqual([]);
  if (doubtful.length > 0) return;
  const done = plan.steps.filter((step) => state.steps.get(step.id)?.status === 'done');
  expect(world.snapshot()).toEqual(expected(initial, done));
  if (outcome?.kind === 'rolled-back') for (const group of outcome.groups) expect(done.filter((step) => step.group === group)).toEqual([]);
  expect([...state.open.keys()]).toEqual([]);
}

/** From wherever it stopped, undisturbed runs reach the end that is asked for. */
async function finish(dir: string, plan: Plan, world: ModelWorld, initial: Record<string, string>, back: boolean): Promise<void> {
  for (let run = 0; run < 4; run++) {
    world.begin(new Map());
    const outcome = await runSession(dir, plan, world, back ? 'rollback-all' : 'resume');
    await assertConsistent(dir, plan, world, initial, outcome);
  }
  const journal = await openJournal(dir);
  await journal.close();
  const state = replay(journal.entries);
  if (state.finished === 'rolled-back') expect(world.snapshot()).toEqual(expected(initial, []));
  else {
    expect(state.finished).toBe('migrated');
    expect(world.snapshot()).toEqual(expected(initial, plan.steps));
  }
}
