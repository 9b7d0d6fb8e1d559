import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UnreachableError } from '../../cluster/api-error.ts';
import { livedUntil } from './lived-until.ts';
import type { KubePort } from './ports.ts';
import type { AgentPod } from './roster.ts';

const NOW = Date.parse('2030-01-01T00:10:00.000Z');
const at = (text: string): number => Date.parse(`2030-01-01T00:${text}Z`);
const place = { key: 'u1', kind: 'pod', name: 'pod/a' } as const;
const pod = (change: Partial<AgentPod>): AgentPod => ({ uid: 'u2', podName: 'p', kind: 'pod', node: 'a', address: undefined, ready: true, leaving: false, restarts: 0, createdAt: at('05:00'), killedBy: undefined, ...change });
const events = (list: () => Promise<object[]>): KubePort => ({ list: async () => (await list()) as never[], get: async () => undefined, apply: async () => undefined, delete: async () => undefined });
const killing = (time: string): KubePort => events(async () => [{ reason: 'Killing', lastTimestamp: `2030-01-01T00:${time}Z` }]);
const none = events(async () => []);

beforeEach(() => vi.useFakeTimers({ now: NOW, toFake: ['Date'] }));
afterEach(() => vi.useRealTimers());

describe('livedUntil', () => {
  it('is now when nothing is known', async () => {
    expect(await livedUntil(none, 'ns', place, [])).toBe(NOW);
    expect(await livedUntil(none, 'ns', place, [pod({ node: 'b' }), pod({ kind: 'host' })])).toBe(NOW);
  });

  it('is the earliest of what is known, to the second', async () => {
    expect(await livedUntil(none, 'ns', place, [pod({})])).toBe(at('05:01'));
    expect(await livedUntil(killing('04:30'), 'ns', place, [pod({})])).toBe(at('04:31'));
    expect(await livedUntil(killing('06:30'), 'ns', place, [pod({})])).toBe(at('05:01'));
    expect(await livedUntil(none, 'ns', place, [pod({ uid: 'u1', createdAt: at('01:00'), killedBy: at('03:15') })])).toBe(at('03:16'));
  });

  it('does without events where they may not be read, but not without the API server', async () => {
    expect(await livedUntil(events(async () => Promise.reject(new Error('forbidden'))), 'ns', place, [pod({})])).toBe(at('05:01'));
    await expect(livedUntil(events(async () => Promise.reject(new UnreachableError('https://x', { verb: 'list', object: 'events' }, 'ECONNREFUSED', 'gone'))), 'ns', place, [])).rejects.toThrow(UnreachableError);
  });
});
