import fc from 'fast-check';
import { expect, it } from 'vitest';
import { calicoAllows } from '../testing/calico-oracle.ts';
import { calicoObjects, calicoWorlds } from '../testing/calico-worlds.ts';
import { mustAgree } from '../testing/agreement.ts';
import { engineOf } from '../testing/engine-of.ts';
import { patience, runs } from '../testing/runs.ts';

const WORLDS = 500;

it('Calico policies, tiers and sets mean what the naive evaluator makes of them', { timeout: patience(WORLDS) }, () => {
  fc.assert(fc.property(calicoWorlds, (world) => {
    const { engine, problems } = engineOf(calicoObjects(world));
    expect(problems.filter((one) => one.includes('error'))).toEqual([]);
    mustAgree(engine, world.pods, (from, to, protocol, port) => calicoAllows(world, from, to, protocol, port));
  }), runs(WORLDS));
});
