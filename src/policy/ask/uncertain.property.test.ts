/** What is not known: addresses of pods, and pods in the network of their nodes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { engineOf } from '../testing/engine-of.ts';
import { oracleAllows, oracleSide, type TestEnd, type TestPod, type TestWorld } from '../testing/kubernetes-oracle.ts';
import { objectsOf, worlds } from '../testing/kubernetes-worlds.ts';
import { patience, runs } from '../testing/runs.ts';
import { lineFormat } from './list-format.ts';
import { list } from './list.ts';
import { Asker } from './question.ts';

const WORLDS = 200;
const NODES = ['node0', 'node1'];
const nodeAddress = (name: string): string => `10.0.0.${name === 'node0' ? 6 : 7}`;
const node = (name: string, podCidr: string): object => ({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { podCIDR: podCidr }, status: { addresses: [{ type: 'InternalIP', address: nodeAddress(name) }] } });

type Body = { kind: string; metadata: { name: string }; spec: object; status?: object };

describe('pods whose address the input does not tell', () => {
  it('have firm answers only where every address would give them', { timeout: patience(WORLDS) }, () => {
    let firm = 0;
    const assignments = fc.array(fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 5, maxLength: 5 }), { minLength: 4, maxLength: 4 });
    fc.assert(fc.property(worlds, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), assignments, (world, blank, tries) => {
      const objects = objectsOf(world).map((object) => {
        const pod = object as Body;
        const index = pod.kind === 'Pod' ? world.pods.findIndex((one) => one.name === pod.metadata.name) : -1;
        return index >= 0 && blank[index] === true ? { ...pod, status: { phase: 'Pending' } } : object;
      });
      const asker = new Asker(engineOf([...objects, node('node0', '10.0.0.0/29')], 'calico').engine);
      for (const from of world.pods) {
        for (const to of world.pods) {
          if (from === to) continue;
          const { verdict } = asker.ask({ from: `${from.namespace}/${from.name}`, to: `${to.namespace}/${to.name}`, protocol: 'TCP', port: 80 });
          if (verdict === 'depends') continue;
          firm += 1;
          for (const addresses of tries) {
            const placed = (pod: TestPod): TestPod => (blank[world.pods.indexOf(pod)] === true ? { ...pod, addresses: [`10.0.0.${addresses[world.pods.indexOf(pod)]}`] } : pod);
            expect(oracleAllows(world, placed(from), placed(to), 'TCP', 80) ? 'allow' : 'deny').toBe(verdict);
          }
        }
      }
    }), runs(WORLDS));
    expect(firm).toBeGreaterThan(500);
  });
});

describe('pods in the network of their nodes', () => {
  /** They are their node's address; a pod is always open to its own node. */
  function expected(world: TestWorld, hosts: readonly boolean[], places: readonly number[], from: TestPod, to: TestPod, port: number): boolean {
    const index = (pod: TestPod): number => world.pods.indexOf(pod);
    const nodeOf = (pod: TestPod): string => NODES[places[index(pod)] ?? 0] ?? '';
    const end = (pod: TestPod): TestEnd => (hosts[index(pod)] === true ? nodeAddress(nodeOf(pod)) : pod);
    const out = oracleSide('egress', end(from), end(to), end(to), 'TCP', port, world) !== 'deny';
    const own = hosts[index(from)] === true && hosts[index(to)] !== true && nodeOf(from) === nodeOf(to);
    return out && (own || oracleSide('ingress', end(to), end(from), end(to), 'TCP', port, world) !== 'deny');
  }

  it('are judged as their node is, in answers and in listings', { timeout: patience(WORLDS) }, () => {
    const five = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(one, { minLength: 5, maxLength: 5 });
    fc.assert(fc.property(worlds, five(fc.boolean()), five(fc.nat(1)), (world, hosts, places) => {
      const objects = objectsOf(world).map((object) => {
        const pod = object as Body;
        const index = pod.kind === 'Pod' ? world.pods.findIndex((one) => one.name === pod.metadata.name) : -1;
        if (index < 0) return object;
        const nodeName = NODES[places[index] ?? 0] ?? '';
        return { ...pod, spec: { ...pod.spec, nodeName, ...(hosts[index] === true ? { hostNetwork: true } : {}) }, ...(hosts[index] === true ? { status: { podIP: nodeAddress(nodeName) } } : {}) };
      });
      const { engine } = engineOf([...objects, ...NODES.map((name) => node(name, '10.0.0.0/29'))], 'calico');
      const asker = new Asker(engine);
      const { edges } = JSON.parse([...list(engine, { level: 'pod', nodes: false, format: lineFormat('json', engine, 'pod') })].join('')) as { edges: { from: string; to: string; allow: { protocol: string; from: number; to: number }[] }[] };
      for (const from of world.pods) {
        for (const to of world.pods) {
          if (from === to) continue;
          const [source, target] = [`${from.namespace}/${from.name}`, `${to.namespace}/${to.name}`];
          for (const port of [80, 443]) {
            const right = expected(world, hosts, places, from, to, port);
            expect(asker.ask({ from: source, to: target, protocol: 'TCP', port }).verdict, `${source} → ${target} ${port}`).toBe(right ? 'allow' : 'deny');
            expect(edges.some((edge) => edge.from === source && edge.to === target && edge.allow.some((one) => one.protocol === 'TCP' && one.from <= port && port <= one.to))).toBe(right);
          }
        }
      }
    }), runs(WORLDS));
  });
});
