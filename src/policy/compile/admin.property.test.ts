import fc from 'fast-check';
import { expect, it } from 'vitest';
import { adminAllows } from '../testing/admin-oracle.ts';
import { adminObjects, adminWorlds } from '../testing/admin-worlds.ts';
import { mustAgree } from '../testing/agreement.ts';
import { engineOf } from '../testing/engine-of.ts';
import { patience, runs } from '../testing/runs.ts';

const WORLDS = 500;

it.each(['api', 'calico'])('administrators\' policies mean under %s what the naive evaluator makes of them', { timeout: patience(WORLDS) }, (enforcer) => {
  fc.assert(fc.property(adminWorlds, (world) => {
    const { engine, problems } = engineOf(adminObjects(world), enforcer);
    expect(problems.filter((one) => one.includes('error'))).toEqual([]);
    mustAgree(engine, world.pods, (from, to, protocol, port) => adminAllows(world, from, to, protocol, port));
  }), runs(WORLDS));
});
