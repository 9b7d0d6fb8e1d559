import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ciliumAllows } from '../testing/cilium-oracle.ts';
import { ciliumObjects, ciliumWorlds } from '../testing/cilium-worlds.ts';
import { mustAgree } from '../testing/agreement.ts';
import { engineOf } from '../testing/engine-of.ts';
import { patience, runs } from '../testing/runs.ts';

const WORLDS = 500;

it('Cilium policies mean what the naive evaluator makes of them', { timeout: patience(WORLDS) }, () => {
  fc.assert(fc.property(ciliumWorlds, (world) => {
    const { engine, problems } = engineOf(ciliumObjects(world), 'cilium');
    expect(problems.filter((one) => one.includes('error'))).toEqual([]);
    mustAgree(engine, world.pods, (from, to, protocol, port) => ciliumAllows(world, from, to, protocol, port));
  }), runs(WORLDS));
});
