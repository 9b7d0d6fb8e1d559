import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compile } from '../compile/engine.ts';
import { readText } from '../input/objects.ts';
import { readState } from '../state.ts';
import { oracleAllows, type TestEnd } from '../testing/kubernetes-oracle.ts';
import { objectsOf, PORTS, worlds } from '../testing/kubernetes-worlds.ts';
import { patience, runs } from '../testing/runs.ts';
import { diff, type Change } from './diff.ts';

const WORLDS = 300;

it('differences are those of the naive evaluator', { timeout: patience(WORLDS) }, () => {
  fc.assert(fc.property(worlds, worlds, (before, other) => {
    const after = { ...before, policies: other.policies };
    const states = [before, after].map((world) => readState(readText('x', objectsOf(world).map((one) => JSON.stringify(one)).join('\n---\n')), 'calico').state);
    const [a, b] = compile(states);
    const found = new Map<string, Change>();
    for (const { from, to, change } of diff(a!, b!, 'pod').changes) for (const x of from) for (const y of to) found.set(`${x}>${y}`, change);
    for (const from of before.pods) {
      for (const to of before.pods) {
        if (from === to) continue;
        const change = found.get(`${from.namespace}/${from.name}>${to.namespace}/${to.name}`);
        for (const port of PORTS) {
          const [x, y] = [before, after].map((world) => oracleAllows(world, from as TestEnd, to, 'TCP', port));
          const has = (kind: keyof Change): boolean => change !== undefined && a!.ports.sets.has(change[kind], a!.ports.atom('TCP', port));
          expect([has('closed'), has('opened'), has('mayClose'), has('mayOpen')]).toEqual([x === true && y === false, x === false && y === true, false, false]);
        }
      }
    }
  }), runs(WORLDS));
});
