import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Protocol } from '../model/ports.ts';
import { engineOf, verdictOf } from '../testing/engine-of.ts';
import { oracleAllows, type TestEnd } from '../testing/kubernetes-oracle.ts';
import { objectsOf, OUTSIDE, PORTS, worlds } from '../testing/kubernetes-worlds.ts';
import { patience, runs } from '../testing/runs.ts';

const WORLDS = 1_000;

it('NetworkPolicies mean what the naive evaluator makes of them', { timeout: patience(WORLDS) }, () => {
  fc.assert(fc.property(worlds, (world) => {
    const { engine, problems } = engineOf(objectsOf(world));
    expect(problems.filter((one) => !one.includes('bits set behind') && !one.includes('has no effect'))).toEqual([]);
    const ends: TestEnd[] = [...world.pods, ...OUTSIDE.filter((one) => !world.pods.some((pod) => pod.addresses.includes(one)))];
    for (const from of ends) {
      for (const to of ends) {
        if (typeof from === 'string' && typeof to === 'string') continue;
        for (const port of PORTS) {
          for (const protocol of ['TCP', 'UDP', 'SCTP'] as Protocol[]) {
            const expected = oracleAllows(world, from, to, protocol, port) ? 'allow' : 'deny';
            const got = verdictOf(engine, from, to, port, protocol);
            if (got !== expected) throw new Error(`${JSON.stringify(from)} → ${JSON.stringify(to)} ${protocol} ${port}: ${got}, expected ${expected}`);
          }
        }
      }
    }
  }), runs(WORLDS));
});
