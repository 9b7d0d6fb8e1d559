import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mustAgree } from '../testing/agreement.ts';
import { engineOf } from '../testing/engine-of.ts';
import { oracleAllows } from '../testing/kubernetes-oracle.ts';
import { objectsOf, PORTS, worlds } from '../testing/kubernetes-worlds.ts';
import { patience, runs } from '../testing/runs.ts';

const WORLDS = 1_000;

it('NetworkPolicies mean what the naive evaluator makes of them', { timeout: patience(WORLDS) }, () => {
  fc.assert(fc.property(worlds, (world) => {
    const { engine, problems } = engineOf(objectsOf(world));
    expect(problems.filter((one) => !one.includes('bits set behind') && !one.includes('has no effect'))).toEqual([]);
    mustAgree(engine, world.pods, (from, to, protocol, port) => oracleAllows(world, from, to, protocol, port), PORTS, ['TCP', 'UDP', 'SCTP']);
  }), runs(WORLDS));
});
