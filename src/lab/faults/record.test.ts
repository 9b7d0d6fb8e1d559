import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EnvironmentError } from '../../core/errors.ts';
import { describeRecord } from './list.ts';
import { createRecord, readRecord, readRecords, removeRecord, writeRecord, type FaultRecord } from './record.ts';

let root: string;
const fresh: Omit<FaultRecord, 'id'> = {
  version: 1, fault: 'drop', node: 'x-agent-1', options: { peers: ['x-server-1'] }, journal: null, trigger: null, delayMs: 0, forMs: null,
  state: 'armed', captured: null, said: null, error: null, createdAt: '2026-01-01T00:00:00.000Z', injectedAt: null, endedAt: null, keeper: null,
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fairlead-record-'));
  mkdirSync(join(root, 'x'));
  vi.stubEnv('FAIRLEAD_LAB_ROOT', root);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

test('records are numbered, kept apart, changed and removed', () => {
  expect(readRecords('x')).toEqual([]);
  const first = createRecord('x', fresh);
  const second = createRecord('x', { ...fresh, createdAt: '2026-01-01T00:00:01.000Z' });
  expect([first.id, second.id]).toEqual(['drop-1', 'drop-2']);
  writeRecord('x', { ...first, state: 'active', captured: { mtu: 1450 } });
  expect(readRecords('x').map(({ id, state }) => [id, state])).toEqual([['drop-1', 'active'], ['drop-2', 'armed']]);
  removeRecord('x', 'drop-1');
  removeRecord('x', 'drop-1');
  expect(readRecord('x', 'drop-1')).toBeUndefined();
  expect(createRecord('x', fresh).id).toBe('drop-1');
});

test('a name that was only just claimed is no record, a damaged one is an error', () => {
  createRecord('x', fresh);
  writeFileSync(join(root, 'x', 'faults', 'drop-2.json'), '');
  expect(readRecords('x')).toHaveLength(1);
  writeFileSync(join(root, 'x', 'faults', 'drop-2.json'), '{"version":1}');
  expect(() => readRecords('x')).toThrow(EnvironmentError);
});

test('a record is told as a sentence', () => {
  const record: FaultRecord = { ...fresh, id: 'drop-1' };
  expect(describeRecord({ ...record, state: 'active', said: 'nothing passes' })).toBe('drop-1 on x-agent-1: active: nothing passes');
  expect(describeRecord({ ...record, trigger: { step: 's', phase: 'gate', from: null }, delayMs: 2000, forMs: 20_000 })).toBe(
    'drop-1 on x-agent-1: waits for gate of step s and 2 s (ends by itself 20 s later); but the process that watched over it is gone',
  );
  expect(describeRecord({ ...record, node: null, fault: 'kill-tool', id: 'kill-tool-1', state: 'failed', error: 'no' })).toBe('kill-tool-1: failed: no');
});
