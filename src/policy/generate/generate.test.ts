import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verdictOf, engineOf } from '../testing/engine-of.ts';
import { podObjects, worlds } from '../testing/kubernetes-worlds.ts';
import { patience, runs } from '../testing/runs.ts';
import { generate } from './generate.ts';
import { prove } from './prove.ts';
import { selectables } from './workloads.ts';

const pod = (name: string, labels: string, address: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: n1, labels: {${labels}}}\nstatus: {podIP: ${address}}\n---\n`;
const cluster = pod('a', 'app: a', '10.42.0.1') + pod('b', 'app: b', '10.42.0.2') + pod('dns', 'k8s-app: kube-dns', '10.42.0.3') + pod('idle', 'app: idle', '10.42.0.4');

describe('generated policies', () => {
  const { engine } = engineOf(cluster, 'api');
  const flow = (from: string, to: string, port: number): { from: string; to: string; protocol: 'TCP'; port: number; count: number } => ({ from, to, protocol: 'TCP', port, count: 1 });

  it('allow what was seen and the DNS, one per workload, peers with the same ports in one rule', () => {
    const made = generate(engine, [flow('n1/a', 'n1/b', 80), flow('10.42.0.1', '10.42.0.2', 81), flow('n1/a', '203.0.113.9', 443), flow('203.0.113.9', 'n1/b', 80)], true);
    expect(made.policies.map((one) => [one.metadata.name, one.spec])).toEqual([
      ['allow-a', { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress', 'Egress'], ingress: [], egress: [
        { to: [{ podSelector: { matchLabels: { app: 'b' } } }], ports: [{ protocol: 'TCP', port: 80 }, { protocol: 'TCP', port: 81 }] },
        { to: [{ ipBlock: { cidr: '203.0.113.9/32' } }], ports: [{ protocol: 'TCP', port: 443 }] },
        { to: [{ podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }], ports: [{ protocol: 'TCP', port: 53 }, { protocol: 'UDP', port: 53 }] }] }],
      ['allow-b', expect.objectContaining({ ingress: [
        { from: [{ podSelector: { matchLabels: { app: 'a' } } }], ports: [{ protocol: 'TCP', port: 80 }, { protocol: 'TCP', port: 81 }] },
        { from: [{ ipBlock: { cidr: '203.0.113.9/32' } }], ports: [{ protocol: 'TCP', port: 80 }] }] })],
      ['allow-dns', expect.objectContaining({ egress: [] })],
    ]);
    expect([made.unseen, made.left, prove(engine, made).faults]).toEqual([['n1/idle[Pod]'], [], []]);
  });

  it('say which flows they leave out', () => {
    expect(generate(engine, [flow('n1/gone', 'n1/b', 80)], true)).toMatchObject({ policies: [], left: [expect.stringContaining('n1/gone → n1/b TCP 80: Cannot tell')] });
  });

  it('are refused by the proof when they do more or less', () => {
    const made = generate(engine, [flow('n1/a', 'n1/b', 80)], false);
    const [a, b] = made.policies;
    const more = { ...made, policies: [{ ...a!, spec: { ...a!.spec, egress: [{}] } }, { ...b!, spec: { ...b!.spec, ingress: [{}] } }] };
    expect(prove(engine, more).faults).toEqual(['n1/a → n1/b would be allowed more than was seen']);
    expect(prove(engine, { ...made, policies: [a!, { ...b!, spec: { ...b!.spec, ingress: [] } }] }).faults).toEqual(['n1/a[Pod] → n1/b[Pod] TCP 80 was seen and is not allowed']);
  });

  const WORLDS = 200;
  it('fit whatever was seen', { timeout: patience(WORLDS) }, () => {
    const flows = fc.array(fc.record({ from: fc.nat(6), to: fc.nat(6), port: fc.constantFrom(80, 443), protocol: fc.constantFrom('TCP' as const, 'UDP' as const) }), { minLength: 1, maxLength: 8 });
    fc.assert(fc.property(worlds, flows, (world, seen) => {
      const { engine: before } = engineOf(podObjects(world), 'api');
      const name = (index: number): string => { const one = world.pods[index]; return one === undefined ? '203.0.113.9' : `${one.namespace}/${one.name}`; };
      const real = seen.map((one) => ({ from: name(one.from), to: name(one.to), port: one.port, protocol: one.protocol, count: 1 })).filter((one) => one.from !== one.to);
      const made = generate(before, real, true);
      expect([prove(before, made).faults, made.left]).toEqual([[], []]);
      const { engine: after } = engineOf([...podObjects(world), ...made.policies], 'calico');
      for (const one of real) expect(verdictOf(after, one.from, one.to, one.port, one.protocol)).toBe('allow');
    }), runs(WORLDS));
  });

  it('put workloads together that no label tells apart', () => {
    const { engine: alike } = engineOf(pod('a', 'app: a', '10.42.0.1') + pod('b', 'app: a, x: "1"', '10.42.0.2'), 'api');
    expect(selectables(alike.state.world).map((one) => one.names)).toEqual([['n1/a[Pod]', 'n1/b[Pod]']]);
  });
});
