import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openJournal } from '../../migrate/journal.ts';
import { endOf, readEntries, waitForStep, wholeLines } from './journal-follower.ts';

let dir: string;
let path: string;
const line = (type: string, step: string, t = 0): string => `${JSON.stringify({ type, step, t })}\n`;
const seek = (step: string, from = undefined as Awaited<ReturnType<typeof endOf>>, phase = 'intent' as const) => waitForStep(path, from, { step, phase }, AbortSignal.timeout(5_000));

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-follower-'));
  path = join(dir, 'journal.ndjson');
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('the follower of a journal', () => {
  test('reads what the journal writes', async () => {
    expect(await readEntries(path)).toEqual([]);
    expect(await endOf(path)).toBeUndefined();
    const journal = await openJournal(dir);
    const found = seek('two');
    await journal.append({ type: 'header', plan: 'a'.repeat(64), tool: 'test', pid: 42, started: '2026-01-01T00:00:00.000Z', command: 'migrate' });
    await journal.append({ type: 'step-intent', step: 'one', group: 'prepare', captured: { step: 'two', type: 'step-intent' }, already: false });
    await journal.append({ type: 'step-intent', step: 'two', group: 'prepare', captured: 'ü\n', already: false });
    expect(await found).toMatchObject({ type: 'step-intent', step: 'two', n: 2 });
    expect((await readEntries(path)).find((entry) => entry.type === 'header')?.pid).toBe(42);
    await journal.close();
  });

  test('each phase is an entry of its own', async () => {
    writeFileSync(path, ['step-intent', 'step-applied', 'step-verified', 'gate', 'step-done', 'undo-intent'].map((type, t) => line(type, 'one', t)).join(''));
    const times = await Promise.all((['intent', 'applied', 'verified', 'gate', 'done', 'undo'] as const).map(async (phase) => (await waitForStep(path, undefined, { step: 'one', phase }, AbortSignal.timeout(5_000))).t));
    expect(times).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('what was there before does not count, also when its last line was cut off', async () => {
    writeFileSync(path, `${line('step-intent', 'one', 1)}{"type":"step-int`);
    const from = await endOf(path);
    const found = seek('one', from);
    // What opening the journal again does to such a line.
    truncateSync(path, from?.offset ?? 0);
    appendFileSync(path, line('step-intent', 'one', 2));
    expect((await found).t).toBe(2);
  });

  test('a line counts once it is whole', async () => {
    writeFileSync(path, '');
    const found = seek('one', await endOf(path));
    const text = line('step-intent', 'one', 3);
    appendFileSync(path, text.slice(0, 10));
    expect(await readEntries(path)).toEqual([]);
    appendFileSync(path, text.slice(10));
    expect((await found).t).toBe(3);
  });

  test('a new migration is a new file, read from its beginning', async () => {
    writeFileSync(path, line('step-intent', 'one', 1).repeat(3));
    const found = seek('one', await endOf(path));
    renameSync(path, join(dir, 'journal-old.ndjson'));
    writeFileSync(path, line('step-intent', 'one', 4));
    expect((await found).t).toBe(4);
  });

  test('stops when told to', async () => {
    const stop = new AbortController();
    const waiting = waitForStep(path, undefined, { step: 'never', phase: 'intent' }, stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow(/enough|aborted/);
  });

  test('damaged lines are skipped', () => {
    const bytes = Buffer.from(`{"broken\n${line('gate', 'one')}{"half":`);
    expect(wholeLines(bytes)).toEqual({ lines: [{ type: 'gate', step: 'one', t: 0 }], length: bytes.lastIndexOf(10) + 1 });
    expect(wholeLines(Buffer.from('no newline'))).toEqual({ lines: [], length: 0 });
  });
});
