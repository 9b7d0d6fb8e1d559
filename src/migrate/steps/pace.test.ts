import { describe, expect, test } from 'vitest';
import type { PodObject } from '../../cluster/objects.ts';
import { isReplaced } from './pace.ts';

function pod(uid: string, state: 'Ready' | 'starting' | 'ending'): PodObject {
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: uid, uid, ...(state === 'ending' ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) }, spec: {},
    status: { conditions: [{ type: 'Ready', status: state === 'starting' ? 'False' : 'True' }] },
  } as PodObject;
}

describe('a workload goes on when a pod of it is replaced', () => {
  test.each<[string, PodObject[], number, boolean]>([
    ['the pod has not been told to end yet', [pod('a', 'Ready'), pod('b', 'Ready')], 2, false],
    ['it ends, and nothing has come in its place', [pod('a', 'ending'), pod('b', 'Ready')], 2, false],
    ['its replacement starts', [pod('a', 'ending'), pod('b', 'Ready'), pod('c', 'starting')], 2, false],
    ['its replacement is Ready, and it still ends', [pod('a', 'ending'), pod('b', 'Ready'), pod('c', 'Ready')], 2, true],
    ['it is gone, its replacement Ready', [pod('b', 'Ready'), pod('c', 'Ready')], 2, true],
    ['its controller asks for no number of pods, and it ends', [pod('a', 'ending')], 0, true],
  ])('%s', (_, pods, wanted, replaced) => expect(isReplaced('a', pods, wanted)).toBe(replaced));
});
