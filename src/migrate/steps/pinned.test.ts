import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject, NodeObject, PodObject } from '../../cluster/objects.ts';
import { pinnedPods } from './pinned.ts';

const HOSTNAME = 'kubernetes.io/hostname';
const node = (name: string, labels: Record<string, string> = {}): NodeObject => ({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { [HOSTNAME]: name, 'kubernetes.io/os': 'linux', ...labels } }, spec: {} });
const claim = (name: string, volumeName?: string): KubeObject => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: 'shop', name }, spec: volumeName === undefined ? {} : { volumeName } });
const volume = (name: string, key?: string, ...values: string[]): KubeObject => ({
  apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name },
  spec: { hostPath: { path: '/data' }, ...(key === undefined ? {} : { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values }] }] } } }) },
});
const pod = (name: string, on: string | undefined, claims: readonly string[], spec: Record<string, unknown> = {}): PodObject => ({
  apiVersion: 'v1', kind: 'Pod',
  metadata: { namespace: 'shop', name, labels: { 'pod-template-hash': '5d9' }, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d9', uid: 'u', controller: true }] },
  spec: { ...(on === undefined ? {} : { nodeName: on }), containers: [], volumes: claims.map((claimName) => ({ persistentVolumeClaim: { claimName } })), ...spec },
});

const nodes = [node('a', { zone: 'east' }), node('b', { zone: 'east' }), node('c', { zone: 'west' })];
const claims = [claim('local', 'on-a'), claim('zonal', 'in-east'), claim('west', 'in-west'), claim('free', 'anywhere'), claim('unbound'), claim('lost', 'gone')];
const volumes = [volume('on-a', HOSTNAME, 'a'), volume('in-east', 'zone', 'east'), volume('in-west', 'zone', 'west'), volume('anywhere')];
const pins = (...pods: PodObject[]) => pinnedPods({ pods, nodes, claims, volumes }).map((pin) => ({ pod: pin.pod.metadata.name, node: pin.node, by: pin.by }));

describe('pinnedPods', () => {
  it('finds what a volume of one node ties to it, running or waiting', () => {
    expect(pins(pod('runs', 'a', ['local']), pod('waits', undefined, ['local']))).toEqual([
      { pod: 'runs', node: 'a', by: ['claim shop/local'] },
      { pod: 'waits', node: 'a', by: ['claim shop/local'] },
    ]);
  });

  it('lets go what has another node, what is bound to nothing, and what is made anew with the pod', () => {
    const scratch = { volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: {} } }] };
    expect(pins(pod('zonal', 'a', ['zonal']), pod('free', 'a', ['free', 'unbound', 'lost']), pod('plain', 'a', []), pod('scratch', 'a', [], scratch))).toEqual([]);
  });

  it('takes volumes together: two that share no second node tie a pod that each alone would not', () => {
    expect(pins(pod('both', 'c', ['west', 'zonal']))).toEqual([{ pod: 'both', node: 'c', by: ['claim shop/west', 'claim shop/zonal'] }]);
    expect(pins(pod('one', 'c', ['west']))).toEqual([{ pod: 'one', node: 'c', by: ['claim shop/west'] }]);
  });

  it("names a workload by its node selector or affinity, when no claim ties it already; one that every node fits is none", () => {
    const required = (...values: string[]) => ({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: HOSTNAME, operator: 'In', values }] }] } } } });
    expect(pins(
      pod('selector', 'b', [], { nodeSelector: { [HOSTNAME]: 'b' } }),
      pod('affinity', 'b', [], required('b')),
      pod('wide', 'b', [], required('a', 'b')),
      pod('linux', 'b', [], { nodeSelector: { 'kubernetes.io/os': 'linux' } }),
      pod('both', 'a', ['local'], { nodeSelector: { [HOSTNAME]: 'a' } }),
      pod('together', 'a', ['zonal'], required('a', 'c')),
    )).toEqual([
      { pod: 'selector', node: 'b', by: ['the node selector of Deployment shop/web'] },
      { pod: 'affinity', node: 'b', by: ['the node selector of Deployment shop/web'] },
      { pod: 'both', node: 'a', by: ['claim shop/local'] },
      { pod: 'together', node: 'a', by: ['claim shop/zonal', 'the node selector of Deployment shop/web'] },
    ]);
  });

  it('ties a running pod exactly when no other node is in all of its volumes', () => {
    const names = ['a', 'b', 'c', 'd'];
    const all = names.map((name) => node(name));
    const sets = fc.array(fc.subarray(names, { minLength: 1 }), { maxLength: 3 });
    fc.assert(fc.property(sets, fc.constantFrom(...names), (allowed, home) => {
      const found = pinnedPods({
        pods: [pod('p', home, allowed.map((_, index) => `c${index}`))], nodes: all,
        claims: allowed.map((_, index) => claim(`c${index}`, `v${index}`)), volumes: allowed.map((values, index) => volume(`v${index}`, HOSTNAME, ...values)),
      });
      const elsewhere = names.filter((name) => name !== home && allowed.every((set) => set.includes(name)));
      expect(found.map((pin) => pin.node)).toEqual(elsewhere.length === 0 ? [home] : []);
      for (const pin of found) expect(pin.by).not.toEqual([]);
    }));
  });
});
