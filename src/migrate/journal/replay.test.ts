import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rollbackMigration, runMigration, resumeMigration } from '../engine.ts';
import { openJournal } from '../journal.ts';
import { ModelWorld, modelGate, modelPlan, writeHandlers, writeStep } from '../testing/model-world.ts';
import { parseJournal } from './chain.ts';
import { replay } from './replay.ts';

const plan = modelPlan([
  writeStep('prepare/crds', 'prepare', { crds: 'there' }),
  writeStep('a/drain', 'node:a', { a: 'drained' }, { impact: [{ classes: ['pod-to-pod'], scope: 'either', node: 'a', maxMs: 1_000, reason: 'moved' }] }),
  writeStep('a/move', 'node:a', { a: 'new' }, { gate: true }),
  writeStep('b/move', 'node:b', { b: 'new' }, { gate: true }),
]);

/** The bytes of a journal with a failure, its rollback, a resumption and a rollback of everything in it. */
async function history(): Promise<Uint8Array> {
  const dir = await mkdtemp(join(tmpdir(), 'fairlead-replay-'));
  try {
    const journal = await openJournal(dir, (() => { let now = 1_000; return () => now++; })());
    const world = new ModelWorld({ a: 'old', b: 'old' });
    const options = { plan, ctx: null, journal, gate: modelGate(world), handlers: writeHandlers(world), limits: { pauseMs: 0 } };
    world.begin(new Map([[9, 'fail' as const]]));
    expect((await runMigration(options)).kind).toBe('rolled-back');
    world.begin(new Map());
    const stop = new AbortController();
    stop.abort();
    expect((await resumeMigration({ ...options, signal: stop.signal })).kind).toBe('interrupted');
    expect((await resumeMigration(options)).kind).toBe('migrated');
    await journal.close();
    return await readFile(journal.path);
  } finally {
    await rm(dir, { recursive: true });
  }
}

it('gives a state to go on or back from after a crash at any byte, never ahead of what was acknowledged', async () => {
  const bytes = await history();
  const whole = parseJournal(bytes, 'j');
  expect(whole.tornBytes).toBe(0);
  const ends = [...bytes.keys()].filter((at) => bytes[at] === 10).map((at) => at + 1);
  for (let length = 0; length <= bytes.length; length++) {
    const { entries, validBytes, tornBytes } = parseJournal(bytes.subarray(0, length), 'j');
    expect(entries.length).toBe(ends.filter((end) => end <= length).length);
    expect(validBytes + tornBytes).toBe(length);
    const state = replay(entries);
    for (const step of state.steps.values()) {
      expect(step.captured, 'what an undo needs is there for everything that may have acted').toBeDefined();
      const inRollback = step.status === 'undoing';
      if (inRollback) expect(state.rollback?.group).toBe(step.group);
    }
    if (state.finished === 'migrated') expect([...state.steps.values()].map(({ status }) => status)).toEqual(['done', 'done', 'done', 'done']);
  }
});

it('finds any single changed byte but in what a crash may have cut off', async () => {
  const bytes = await history();
  const lastLine = bytes.lastIndexOf(10, bytes.length - 2) + 1;
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const tampered = Uint8Array.from(bytes);
      tampered[at] = (tampered[at] ?? 0) ^ change;
      let entries;
      try {
        ({ entries } = parseJournal(tampered, 'j'));
      } catch {
        return;
      }
      // Not refused: then it must have been taken for a torn last line and left out.
      expect(at).toBeGreaterThanOrEqual(lastLine);
      expect(entries).toEqual(parseJournal(bytes.subarray(0, lastLine), 'j').entries);
    }),
    { numRuns: 500 },
  );
});

it('does not take a damaged line break between acknowledged entries for a torn last line', async () => {
  const bytes = await history();
  for (let at = bytes.indexOf(10); at !== -1 && at < bytes.length - 1; at = bytes.indexOf(10, at + 1)) {
    for (const instead of [0, 11, 32, 44, 0x7b, 0x7d]) {
      const tampered = Uint8Array.from(bytes);
      tampered[at] = instead;
      expect(() => parseJournal(tampered, 'j'), `byte ${at} became ${instead}`).toThrow('changed or damaged');
    }
  }
});

it('leaves out an entry whose last block never reached the disk', async () => {
  const bytes = await history();
  const lastLine = bytes.lastIndexOf(10, bytes.length - 2) + 1;
  for (const kept of [lastLine + 1, bytes.length - 40, bytes.length - 1]) {
    const { validBytes } = parseJournal(Uint8Array.from(bytes).fill(0, kept), 'j');
    expect(validBytes).toBe(lastLine);
  }
});

it('is finished as rolled back when everything was', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'fairlead-replay-'));
  try {
    const journal = await openJournal(dir);
    const world = new ModelWorld({});
    const options = { plan, ctx: null, journal, gate: modelGate(world), handlers: writeHandlers(world), limits: { pauseMs: 0 } };
    await runMigration({ ...options, signal: AbortSignal.abort() });
    await resumeMigration({ ...options, gate: async (step) => ({ verdict: step.id === 'b/move' ? 'fail' : 'pass', reasons: [], figures: null }) });
    expect(replay(journal.entries).rollback?.group).toBe('node:b');
    expect(await rollbackMigration({ ...options, target: 'all' })).toMatchObject({ kind: 'rolled-back', groups: ['node:b', 'node:a', 'prepare'], next: 'fairlead plan --to new' });
    expect(replay(journal.entries).finished).toBe('rolled-back');
    await expect(resumeMigration(options)).rejects.toThrow('everything this migration did was rolled back');
    await journal.close();
  } finally {
    await rm(dir, { recursive: true });
  }
});
