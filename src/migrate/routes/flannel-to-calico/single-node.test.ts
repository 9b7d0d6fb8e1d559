import { describe, expect, it } from 'vitest';
import type { KubeObject, PodObject } from '../../../cluster/objects.ts';
import { singleNodeChecks } from './single-node.ts';

function pod(name: string, owner: string | undefined, spec: Record<string, unknown> = {}, rest: Partial<PodObject> = {}): PodObject {
  const ownerReferences = owner === undefined ? [] : [{ apiVersion: 'apps/v1', kind: owner, name: 'o', uid: 'u', controller: true }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'n', ownerReferences }, spec: { containers: [], ...spec }, status: { phase: 'Running' }, ...rest };
}

const webhook = (change: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name: 'guard' },
  webhooks: [{ name: 'pods.guard', clientConfig: { service: { namespace: 'n', name: 'guard' } }, rules: [{ apiGroups: [''], operations: ['CREATE'], resources: ['pods'] }], ...change }],
});

const failed = (pods: PodObject[], webhooks: KubeObject[] = []): Record<string, string> => Object.fromEntries(singleNodeChecks({ pods, webhooks }).filter((one) => one.verdict === 'fail').map((one) => [one.id, one.observed]));

describe('a cluster of one node', () => {
  it('names pods that nobody would start again, but none that goes on or has ended', () => {
    expect(failed([pod('bare', undefined), pod('kept', 'ReplicaSet'), pod('on-host', undefined, { hostNetwork: true }), pod('over', undefined, {}, { status: { phase: 'Succeeded' } })])).toEqual({ 'pods-come-back': 'n/bare' });
  });

  it('names stateful pods whose data goes with them', () => {
    const volumes = [{ name: 'data', emptyDir: {} }, { name: 'tmp', emptyDir: { medium: 'Memory' } }, { name: 'pv', persistentVolumeClaim: { claimName: 'c' } }];
    expect(failed([pod('db-0', 'StatefulSet', { volumes }), pod('web', 'ReplicaSet', { volumes })])).toEqual({ 'state-stays': 'n/db-0 (emptyDir data)' });
  });

  it.each<[string, Record<string, unknown>, boolean]>([
    ['must answer for pods', {}, true],
    ['asks for everything', { rules: [{ apiGroups: ['*'], operations: ['*'], resources: ['*'] }] }, true],
    ['may be left out', { failurePolicy: 'Ignore' }, false],
    ['is elsewhere', { clientConfig: { url: 'https://elsewhere' } }, false],
    ['asks for other kinds', { rules: [{ apiGroups: ['apps'], operations: ['CREATE'], resources: ['deployments'] }] }, false],
    ['asks for deletions', { rules: [{ apiGroups: [''], operations: ['DELETE'], resources: ['pods'] }] }, false],
  ])('an admission webhook that %s', (_what, change, inTheWay) => {
    expect(failed([], [webhook(change)])).toEqual(inTheWay ? { 'pods-are-admitted': 'guard/pods.guard' } : {});
  });
});

it('what is not measured is said to be unknown, never to be fine', () => {
  expect(singleNodeChecks({ pods: [], webhooks: [] }).map((one) => [one.id, one.verdict])).toEqual([['between-nodes', 'unknown'], ['pods-come-back', 'pass'], ['state-stays', 'pass'], ['pods-are-admitted', 'pass']]);
});
