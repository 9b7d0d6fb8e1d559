import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Protocol } from '../model/ports.ts';
import { calicoObjects, calicoWorlds } from '../testing/calico-worlds.ts';
import { engineOf } from '../testing/engine-of.ts';
import { oracleAllows, type TestEnd } from '../testing/kubernetes-oracle.ts';
import { objectsOf, OUTSIDE, PORTS, worlds } from '../testing/kubernetes-worlds.ts';
import { patience, runs } from '../testing/runs.ts';
import { answerLines } from './check.ts';
import { lineFormat } from './list-format.ts';
import { list } from './list.ts';
import { Asker, type Question } from './question.ts';
import { reasonsOf } from './reasons.ts';

const WORLDS = 200;
const nameOf = (end: TestEnd): string => (typeof end === 'string' ? end : `${end.namespace}/${end.name}`);

interface Edges {
  edges: { from: string; to: string; allow: { protocol: string; from: number; to: number }[]; depends: unknown[] }[];
}

describe('answers', () => {
  it('that name their rules are those of the naive evaluator', { timeout: patience(WORLDS) }, () => {
    fc.assert(fc.property(worlds, (world) => {
      const asker = new Asker(engineOf(objectsOf(world)).engine);
      const ends: TestEnd[] = [...world.pods, '192.0.2.7', 'fd00::3'].filter((one) => typeof one !== 'string' || !world.pods.some((pod) => pod.addresses.includes(one)));
      for (const from of ends) {
        for (const to of ends) {
          if (typeof from === 'string' && typeof to === 'string') continue;
          for (const port of [80, 443]) {
            const own = from === to;
            const { verdict } = asker.ask({ from: nameOf(from), to: nameOf(to), protocol: 'TCP', port });
            expect(verdict, `${nameOf(from)} → ${nameOf(to)} ${port}`).toBe(own || oracleAllows(world, from, to, 'TCP', port) ? 'allow' : 'deny');
          }
        }
      }
    }), runs(WORLDS));
  });

  it('to many questions at once are those to each', { timeout: patience(WORLDS) }, () => {
    fc.assert(fc.property(calicoWorlds, fc.constantFrom('api', 'calico'), (world, enforcer) => {
      const asker = new Asker(engineOf(calicoObjects(world), enforcer).engine);
      const ends = [...world.pods.map(nameOf), '192.0.2.7'];
      const questions = ends.flatMap((from) => ends.flatMap((to) => [80, 443].map((port): Question => ({ from, to, protocol: 'TCP', port }))));
      const lines = [...answerLines(asker, questions.map((one, id) => JSON.stringify({ id, ...one })).join('\n'), 'q', { unanswered: 0 })].join('').trim().split('\n').map((line) => JSON.parse(line) as unknown);
      expect(lines).toEqual(questions.map((one, id) => {
        const { verdict, why, answers } = asker.ask(one);
        return { id, verdict, because: [...new Set([...why, ...answers.flatMap((each) => reasonsOf(each, 'document'))])] };
      }));
    }), runs(WORLDS));
  });

  it('in a listing are all there are', { timeout: patience(WORLDS) }, () => {
    fc.assert(fc.property(worlds, (world) => {
      const { engine } = engineOf(objectsOf(world));
      const { edges } = JSON.parse([...list(engine, { level: 'pod', nodes: false, format: lineFormat('json', engine, 'pod') })].join('')) as Edges;
      const listed = (from: string, to: string, protocol: string, port: number): boolean => edges.some((edge) => edge.from === from && edge.to === to && edge.allow.some((one) => one.protocol === protocol && one.from <= port && port <= one.to));
      expect(edges.filter((edge) => edge.from === edge.to || edge.depends.length > 0)).toEqual([]);
      for (const from of world.pods) {
        for (const to of world.pods) {
          if (from === to) continue;
          for (const port of PORTS) {
            for (const protocol of ['TCP', 'UDP', 'SCTP'] as Protocol[]) expect(listed(nameOf(from), nameOf(to), protocol, port)).toBe(oracleAllows(world, from, to, protocol, port));
          }
        }
      }
      // Addresses are listed as ranges: each is in exactly one of those that the pod may reach.
      const allEdges = edges.filter((edge) => edge.to.startsWith('outside') && edge.allow.some((one) => one.protocol === 'TCP' && one.from <= 80 && 80 <= one.to));
      for (const from of world.pods) {
        const some = OUTSIDE.some((address) => oracleAllows(world, from, address, 'TCP', 80));
        if (some) expect(allEdges.some((edge) => edge.from === nameOf(from))).toBe(true);
      }
    }), runs(WORLDS));
  });
});
