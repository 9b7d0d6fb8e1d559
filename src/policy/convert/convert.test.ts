import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { enforcerOf } from '../enforcers/enforcers.ts';
import { readText } from '../input/objects.ts';
import { readState } from '../state.ts';
import { objectsOf, worlds } from '../testing/kubernetes-worlds.ts';
import { patience, runs } from '../testing/runs.ts';
import { convert, losses, type Converted, type Target } from './convert.ts';

function converted(objects: readonly object[], target: Target): Converted & { lost: string[] } {
  const enforcer = enforcerOf(target === 'cilium' ? 'cilium' : 'calico');
  const loaded = readText('a.yaml', objects.map((one) => JSON.stringify(one)).join('\n---\n'));
  const { state, problems } = readState(loaded, enforcer.name);
  const made = convert(loaded.objects, problems, target);
  return { ...made, lost: losses(loaded.objects, made.policies, state.world, enforcer) };
}

const WORLDS = 100;

describe('conversion', () => {
  it.each(['calico', 'cilium'] as const)('of Kubernetes\' policies to %s loses nothing', { timeout: patience(WORLDS) }, (target) => {
    fc.assert(fc.property(worlds, (world) => {
      const { policies, refused, lost } = converted(objectsOf(world), target);
      expect([policies.length, refused, lost]).toEqual([world.policies.length, [], []]);
    }), runs(WORLDS));
  });

  it('leaves policies alone that are of the dialect already', { timeout: patience(WORLDS) }, () => {
    fc.assert(fc.property(worlds, (world) => {
      const objects = objectsOf(world);
      const { policies, refused, lost } = converted(objects, 'kubernetes');
      expect([policies, refused, lost]).toEqual([JSON.parse(JSON.stringify(objects.slice(objects.length - world.policies.length))), [], []]);
    }), runs(WORLDS));
  });

  it('to Calico and back loses nothing', { timeout: patience(WORLDS) }, () => {
    fc.assert(fc.property(worlds, (world) => {
      const there = converted(objectsOf(world), 'calico');
      const base = objectsOf({ ...world, policies: [] });
      const { refused, lost } = converted([...base, ...there.policies], 'kubernetes');
      // A block with an exception in Calico says the same as one in Kubernetes.
      expect([refused, lost]).toEqual([[], []]);
    }), runs(WORLDS));
  });

  it.each([
    ['GlobalNetworkPolicy', {}, 'kind: Kubernetes has nothing like a GlobalNetworkPolicy'],
    ['NetworkPolicy', { tier: 'one' }, 'spec.tier: Kubernetes has no tiers'],
    ['NetworkPolicy', { selector: "a == 'b' || c == 'd'" }, 'spec.selector: a label selector cannot say this'],
    ['NetworkPolicy', { ingress: [{ action: 'Deny' }] }, 'spec.ingress[0].action: Kubernetes knows no Deny'],
    ['NetworkPolicy', { ingress: [{ action: 'Allow', source: { notSelector: 'all()' } }] }, 'spec.ingress[0].source.notSelector: Kubernetes has nothing like it'],
    ['NetworkPolicy', { ingress: [{ action: 'Allow', destination: { selector: 'all()' } }] }, 'spec.ingress[0].destination.selector: a rule of Kubernetes applies to all pods of its policy'],
    ['NetworkPolicy', { egress: [{ action: 'Allow', protocol: 'ICMP' }] }, 'spec.egress[0].protocol: Kubernetes knows TCP, UDP and SCTP'],
  ])('of a %s with %j to Kubernetes is refused with the field', (kind, spec, message) => {
    const { policies, refused } = converted([{ apiVersion: 'projectcalico.org/v3', kind, metadata: { name: 'p', ...(kind === 'NetworkPolicy' ? { namespace: 'n1' } : {}) }, spec }], 'kubernetes');
    expect([policies, refused]).toEqual([[], [expect.stringContaining(message)]]);
  });

  it('that would lose something is found by comparing', () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'n1' }, status: { podIP: '10.0.0.1' } };
    const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'p', namespace: 'n1' }, spec: { podSelector: {} } };
    const loaded = readText('a.yaml', [pod, policy].map((one) => JSON.stringify(one)).join('\n---\n'));
    expect(losses(loaded.objects, [], readState(loaded, 'calico').state.world, enforcerOf('calico'))).toContain('outside 0.0.0.0/0 → n1/a');
  });
});
