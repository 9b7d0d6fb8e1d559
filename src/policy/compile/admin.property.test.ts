import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Protocol } from '../model/ports.ts';
import { adminAllows } from '../testing/admin-oracle.ts';
import { adminObjects, adminWorlds } from '../testing/admin-worlds.ts';
import { engineOf, verdictOf } from '../testing/engine-of.ts';
import type { TestEnd } from '../testing/kubernetes-oracle.ts';
import { OUTSIDE } from '../testing/kubernetes-worlds.ts';
import { patience, runs } from '../testing/runs.ts';

const WORLDS = 500;

it.each(['api', 'calico'])('administrators\' policies mean under %s what the naive evaluator makes of them', { timeout: patience(WORLDS) }, (enforcer) => {
  fc.assert(fc.property(adminWorlds, (world) => {
    const { engine, problems } = engineOf(adminObjects(world), enforcer);
    expect(problems.filter((one) => one.includes('error'))).toEqual([]);
    const ends: TestEnd[] = [...world.pods, ...OUTSIDE.slice(0, 4).filter((one) => !world.pods.some((pod) => pod.addresses.includes(one)))];
    for (const from of ends) {
      for (const to of ends) {
        if (typeof from === 'string' && typeof to === 'string') continue;
        for (const port of [1, 80, 443]) {
          for (const protocol of ['TCP', 'UDP'] as Protocol[]) {
            const expected = adminAllows(world, from, to, protocol, port) ? 'allow' : 'deny';
            const got = verdictOf(engine, from, to, port, protocol);
            if (got !== expected) throw new Error(`${JSON.stringify(from)} → ${JSON.stringify(to)} ${protocol} ${port}: ${got}, expected ${expected}`);
          }
        }
      }
    }
  }), runs(WORLDS));
});
