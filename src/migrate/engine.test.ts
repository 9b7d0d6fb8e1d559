import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnnouncedWindow } from '../probe/types.ts';
import { resumeMigration, rollbackMigration, runMigration } from './engine.ts';
import type { Outcome } from './engine/outcome.ts';
import type { EngineEvent, GateVerdict } from './engine/ports.ts';
import type { EngineOptions } from './engine/session.ts';
import { openJournal } from './journal.ts';
import type { Journal } from './journal.ts';
import { windowsOf } from './journal/replay.ts';
import { ModelWorld, modelGate, modelPlan, mortalJournal, writeHandlers, writeStep } from './testing/model-world.ts';
import type { Impact } from './types.ts';

const restart: Impact = { classes: ['pod-to-pod'], scope: 'either', node: 'a', maxMs: 30_000, reason: 'pods of a restart' };
const plan = modelPlan([
  writeStep('prepare/crds', 'prepare', { crds: 'there' }),
  writeStep('a/drain', 'node:a', { a: 'drained' }, { impact: [restart] }),
  writeStep('a/move', 'node:a', { a: 'new' }, { gate: true }),
  writeStep('b/move', 'node:b', { b: 'new' }, { gate: true }),
  writeStep('settle/enforce', 'settle', { enforce: 'yes' }, { gate: true }),
  writeStep('commit/clean', 'commit', { old: 'gone' }),
]);
const initial = { a: 'old', b: 'old', old: 'there' };

let dir: string;
let world: ModelWorld;
let journal: Journal;
let events: EngineEvent[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fairlead-engine-'));
  world = new ModelWorld(initial);
  journal = await openJournal(dir);
  events = [];
});
afterEach(async () => {
  await journal.close();
  await rm(dir, { recursive: true });
});

function options(over: Partial<EngineOptions<null>> = {}): EngineOptions<null> {
  return {
    plan, handlers: writeHandlers(world), ctx: null, journal, gate: modelGate(world), limits: { pauseMs: 0, mirrorFlushMs: 50 },
    onEvent: (event) => events.push(event), ...over,
  };
}
/** A run of a process that may die: when it did, the next one opens the journal anew. */
async function mortal(run: (o: EngineOptions<null>) => Promise<Outcome>): Promise<Outcome | 'died'> {
  try {
    const outcome = await run(options({ journal: mortalJournal(journal, world) }));
    return world.dead ? 'died' : outcome;
  } finally {
    if (world.dead) {
      world.begin(new Map());
      await journal.close();
      journal = await openJournal(dir);
    }
  }
}
const types = () => journal.entries.map((entry) => ('step' in entry ? `${entry.type} ${entry.step}` : entry.type));

describe('runMigration', () => {
  it('carries out every step and journals intent before and done after', async () => {
    const outcome = await runMigration(options());
    expect(outcome).toMatchObject({ kind: 'migrated', exitCode: 0 });
    expect(world.snapshot()).toEqual({ a: 'new', b: 'new', crds: 'there', enforce: 'yes', old: 'gone' });
    expect(types()).toEqual([
      'header',
      'step-intent prepare/crds', 'step-applied prepare/crds', 'step-verified prepare/crds', 'step-done prepare/crds',
      'step-intent a/drain', 'announce-open', 'step-applied a/drain', 'step-verified a/drain', 'step-done a/drain',
      'step-intent a/move', 'step-applied a/move', 'step-verified a/move', 'gate a/move', 'announce-close a/drain', 'step-done a/move',
      'step-intent b/move', 'step-applied b/move', 'step-verified b/move', 'gate b/move', 'step-done b/move',
      'step-intent settle/enforce', 'step-applied settle/enforce', 'step-verified settle/enforce', 'gate settle/enforce', 'step-done settle/enforce',
      'step-intent commit/clean', 'step-applied commit/clean', 'step-verified commit/clean', 'step-done commit/clean',
      'finished',
    ]);
  });

  it('tells the probes of a window before the step acts, and that it is closed', async () => {
    const told: string[] = [];
    await runMigration(options({
      announce: {
        open: async (window: AnnouncedWindow) => void told.push(`open ${window.step} while a=${world.values.get('a')}`),
        close: async (window: AnnouncedWindow) => void told.push(`close ${window.step} ${window.closedAt === null ? 'never' : 'timed'}`),
      },
    }));
    expect(told).toEqual(['open a/drain while a=old', 'close a/drain timed']);
    expect(windowsOf(journal.entries)).toMatchObject([{ step: 'a/drain', maxMs: 30_000, closedAt: expect.any(Number) }]);
  });

  it('rolls back only the node whose gate fails, leaves the others as they are, and goes on when resumed', async () => {
    world.inject('gate b/move');
    const outcome = await runMigration(options());
    expect(outcome).toMatchObject({ kind: 'rolled-back', exitCode: 4, groups: ['node:b'], step: 'b/move', evidence: ['injected: 3 of 20 probes lost, expected 0'], next: 'fairlead migrate resume' });
    expect(world.snapshot()).toEqual({ a: 'new', b: 'old', crds: 'there', old: 'there' });
    expect(types().slice(-6)).toEqual(['step-failed b/move', 'rollback-intent', 'undo-intent b/move', 'undo-done b/move', 'gate b/move', 'group-rolled-back']);
    expect(await resumeMigration(options())).toMatchObject({ kind: 'migrated' });
  });

  it('announces the way back too', async () => {
    world.inject('verify a/move');
    await runMigration(options());
    expect(windowsOf(journal.entries).map(({ reason, closedAt }) => [reason, closedAt !== null])).toEqual([
      ['pods of a restart', true],
      ['undo: pods of a restart', true],
    ]);
  });

  it('undoes the whole preparation when one of its steps fails', async () => {
    world.inject('apply prepare/crds');
    expect(await runMigration(options())).toMatchObject({ kind: 'rolled-back', groups: ['prepare'] });
    expect(world.snapshot()).toEqual(initial);
  });

  it('stops for a person, with the next command, when an undo keeps failing', async () => {
    world.inject('gate b/move');
    world.inject('undo b/move', 'fail', 5);
    const outcome = await runMigration(options());
    expect(outcome).toMatchObject({ kind: 'needs-human', exitCode: 5, step: 'b/move', next: 'fairlead migrate rollback --node b' });
    expect(await rollbackMigration({ ...options(), target: 'b' })).toMatchObject({ kind: 'rolled-back', exitCode: 0, groups: ['node:b'] });
    expect(world.values.get('b')).toBe('old');
  });

  it('does not undo what was there before it', async () => {
    world.set('crds', 'there');
    world.inject('gate a/move');
    await runMigration(options());
    expect(await rollbackMigration({ ...options(), target: 'all' })).toMatchObject({ kind: 'rolled-back', groups: ['prepare'] });
    expect(world.snapshot()).toEqual({ ...initial, crds: 'there' });
    expect(world.acts.filter((act) => act.startsWith('undo prepare') || act.startsWith('apply prepare'))).toEqual([]);
  });

  it('waits out an unknown verdict, and never takes it for a pass', async () => {
    const verdicts: GateVerdict['verdict'][] = ['unknown', 'unknown', 'pass'];
    const gate = async (): Promise<GateVerdict> => ({ verdict: verdicts.shift() ?? 'unknown', reasons: ['only 12 probes yet'], figures: null });
    const outcome = await runMigration(options({ gate, limits: { pauseMs: 0, gateUnknowns: 3 } }));
    expect(types().filter((type) => type === 'gate a/move')).toHaveLength(3);
    // From then on it stays unknown: node b is undone, and since that cannot be judged either, a person must look.
    expect(outcome).toMatchObject({ kind: 'needs-human', evidence: ['only 12 probes yet'] });
    expect(world.values.get('b')).toBe('old');
  });

  it('tries a step past the point of no return again and then asks for a person, never undoing', async () => {
    world.inject('apply commit/clean', 'fail', 3);
    const outcome = await runMigration(options());
    expect(outcome).toMatchObject({ kind: 'needs-human', step: 'commit/clean', next: 'fairlead migrate resume' });
    expect(world.acts.some((act) => act.startsWith('undo'))).toBe(false);
    await expect(rollbackMigration({ ...options(), target: 'all' })).rejects.toThrow('past its point of no return (step commit/clean)');
    expect(await resumeMigration(options())).toMatchObject({ kind: 'migrated' });
  });

  it('refuses a plan with a kind of step it does not know, before anything acts', async () => {
    await expect(runMigration(options({ handlers: {} }))).rejects.toThrow('is of kind write, which this version of fairlead does not know');
    expect(journal.entries).toEqual([]);
  });

  it('stops at a safe point when asked to, and says how to go on', async () => {
    const stop = new AbortController();
    const outcome = await runMigration(options({
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'entry' && event.entry.type === 'step-applied' && event.entry.step === 'a/drain') stop.abort();
      },
    }));
    expect(outcome).toMatchObject({ kind: 'interrupted', exitCode: 5, next: 'fairlead migrate resume' });
    expect(types().slice(-2)).toEqual(['step-done a/drain', 'interrupted']);
    expect(await resumeMigration(options())).toMatchObject({ kind: 'migrated' });
    // The window that was open stays announced: closed for the time without a tool, opened anew, closed at the gate.
    expect(windowsOf(journal.entries).map(({ reason, closedAt }) => [reason, closedAt !== null])).toEqual([['pods of a restart', true], ['pods of a restart', true]]);
  });
});

describe('resumeMigration', () => {
  it('applies a step in doubt again, with what was captured before its first try', async () => {
    world.inject('apply a/drain', 'die');
    expect(await mortal(runMigration)).toBe('died');
    world.set('a', 'half-way');
    expect(await mortal(resumeMigration)).toMatchObject({ kind: 'migrated' });
    expect(journal.entries.filter((entry) => entry.type === 'step-intent' && entry.step === 'a/drain')).toMatchObject([{ captured: { a: 'old' } }]);
  });

  it('rolls back the group of a step that failed, also when the tool died before it could begin to', async () => {
    world.inject('verify b/move');
    world.inject('journal step-failed', 'die-after');
    expect(await mortal(runMigration)).toBe('died');
    expect(await mortal(resumeMigration)).toMatchObject({ kind: 'rolled-back', groups: ['node:b'], step: 'b/move' });
    expect(world.snapshot()).toEqual({ a: 'new', b: 'old', crds: 'there', old: 'there' });
  });

  it('finishes a rollback that was under way', async () => {
    world.inject('verify a/move');
    world.inject('undo a/drain', 'die');
    expect(await mortal(runMigration)).toBe('died');
    expect(await mortal(resumeMigration)).toMatchObject({ kind: 'rolled-back', exitCode: 4, groups: ['node:a'], step: 'a/move', reason: 'step a/move of node a: injected failure: verify a/move' });
    expect(world.snapshot()).toEqual({ ...initial, crds: 'there' });
  });

  it('captures anew what was there before it, when that is gone after a crash', async () => {
    world.set('a', 'drained');
    world.inject('journal step-intent a/drain', 'die-after');
    expect(await mortal(runMigration)).toBe('died');
    world.set('a', 'changed by somebody');
    world.inject('gate a/move');
    expect(await mortal(resumeMigration)).toMatchObject({ kind: 'rolled-back' });
    expect(world.values.get('a')).toBe('changed by somebody');
  });

  it('says so when there is nothing to resume', async () => {
    await expect(resumeMigration(options())).rejects.toThrow('holds no migration');
    await runMigration(options());
    const entries = journal.entries.length;
    expect(await resumeMigration(options())).toMatchObject({ kind: 'migrated' });
    expect(journal.entries).toHaveLength(entries);
    await expect(runMigration(options())).rejects.toThrow('already holds a migration');
  });
});

describe('rollbackMigration', () => {
  const undoable = modelPlan(plan.steps.filter((step) => step.group !== 'commit'));

  it('undoes one node and what was settled after it, and leaves the others', async () => {
    await runMigration(options({ plan: undoable }));
    expect(await rollbackMigration({ ...options({ plan: undoable }), target: 'a' })).toMatchObject({ kind: 'rolled-back', exitCode: 0, groups: ['settle', 'node:a'], next: 'fairlead migrate resume' });
    expect(world.snapshot()).toEqual({ a: 'old', b: 'new', crds: 'there', old: 'there' });
    await expect(rollbackMigration({ ...options({ plan: undoable }), target: 'z' })).rejects.toThrow('the plan does not move a node called z');
  });

  it('undoes everything, group by group, each with a gate', async () => {
    await runMigration(options({ plan: undoable }));
    world.acts.length = 0;
    expect(await rollbackMigration({ ...options({ plan: undoable }), target: 'all' })).toMatchObject({ kind: 'rolled-back', groups: ['settle', 'node:b', 'node:a', 'prepare'] });
    expect(world.acts).toEqual([
      'undo settle/enforce enforce=null', 'gate settle/enforce', 'undo b/move b=old', 'gate b/move',
      'undo a/move a=drained', 'undo a/drain a=old', 'gate a/move', 'undo prepare/crds crds=null', 'gate prepare/crds',
    ]);
    expect(world.snapshot()).toEqual(initial);
  });

  it('stops for a person when the gate does not pass afterwards, and can be tried again', async () => {
    await runMigration(options({ plan: undoable }));
    // A first look may still see what made the step fail; one that goes on is for a person.
    world.inject('gate b/move', 'fail', 6);
    expect(await rollbackMigration({ ...options({ plan: undoable }), target: 'b' })).toMatchObject({ kind: 'needs-human', next: 'fairlead migrate rollback --node b', evidence: ['injected: 3 of 20 probes lost, expected 0'] });
    expect(await rollbackMigration({ ...options({ plan: undoable }), target: 'b' })).toMatchObject({ kind: 'rolled-back', groups: ['node:b'] });
  });
});

describe('the mirror', () => {
  it('gets every line, also those written while it was away', async () => {
    const lines: string[] = [];
    let away = 2;
    const outcome = await runMigration(options({
      limits: { pauseMs: 0, mirrorFlushMs: 20_000 },
      mirror: {
        lost: new AbortController().signal,
        acquire: async () => undefined,
        release: async () => undefined,
        append: async (more) => {
          if (away-- > 0) throw new Error('the API server is away');
          lines.push(...more);
        },
      },
    }));
    expect(outcome.kind).toBe('migrated');
    expect(lines).toHaveLength(journal.entries.length);
    expect(events.filter((event) => event.type === 'mirror').map(({ error }) => error)).toEqual(['the API server is away', 'the API server is away', null]);
  });

  it('stops the run at a safe point when somebody else took the lock', async () => {
    const lost = new AbortController();
    const outcome = await runMigration(options({
      mirror: { lost: lost.signal, acquire: async () => undefined, release: async () => undefined, append: async () => undefined },
      onEvent: (event) => {
        if (event.type === 'phase' && event.step === 'a/move' && event.phase === 'apply') lost.abort(new Error('the lease is held by eve'));
      },
    }));
    expect(outcome).toMatchObject({ kind: 'interrupted', reason: 'the lease is held by eve' });
    expect(types().slice(-2)).toEqual(['step-done a/move', 'interrupted']);
  });

  it('does nothing when the lock cannot be had', async () => {
    const mirror = { lost: new AbortController().signal, acquire: async () => { throw new Error('held by eve'); }, release: async () => undefined, append: async () => undefined };
    await expect(runMigration(options({ mirror }))).rejects.toThrow('held by eve');
    expect(journal.entries).toEqual([]);
  });
});
