import type { V1Deployment, V1NetworkPolicy, V1PodDisruptionBudget, V1Service } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { KubeObject } from '../../cluster/objects.ts';
import { appsManifests } from './manifests.ts';

interface Kinds {
  Deployment: V1Deployment;
  NetworkPolicy: V1NetworkPolicy;
  PodDisruptionBudget: V1PodDisruptionBudget;
  Service: V1Service;
}

function of<K extends keyof Kinds>(objects: readonly KubeObject[], kind: K): Kinds[K][] {
  return objects.filter((object) => object.kind === kind) as unknown as Kinds[K][];
}

const pod = (object: { metadata?: { namespace?: string } }, app: string | undefined): string => `${object.metadata?.namespace}/${app}`;

describe('appsManifests', () => {
  it('is what testdata/apps.yaml shows', async () => {
    const yaml = appsManifests().map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n');
    await expect(yaml).toMatchFileSnapshot('testdata/apps.yaml');
  });

  it('selects with every Service, budget and policy pods that exist, and no budget blocks a drain for ever', () => {
    const objects = appsManifests();
    const replicas = new Map(of(objects, 'Deployment').map((one) => [pod(one, one.spec?.template.metadata?.labels?.['app']), one.spec?.replicas ?? 1]));
    const services = of(objects, 'Service').map((one) => pod(one, one.spec?.selector?.['app']));
    const policies = of(objects, 'NetworkPolicy').flatMap((one) => {
      const peers = (one.spec?.ingress ?? []).flatMap((rule) => rule._from ?? (rule as { from?: typeof rule._from }).from ?? []);
      const selectors = [one.spec?.podSelector, ...peers.map((peer) => peer.podSelector)];
      return selectors.filter((selector) => selector?.matchLabels !== undefined).map((selector) => pod(one, selector?.matchLabels?.['app']));
    });
    expect([...services, ...policies].filter((name) => !replicas.has(name))).toEqual([]);
    expect(policies).toContain('shop/stream-client');

    const budgets = of(objects, 'PodDisruptionBudget').map((one) => pod(one, one.spec?.selector?.matchLabels?.['app']));
    expect(budgets).toEqual(['shop/ledger', 'shop/catalog', 'shop/web']);
    expect(budgets.map((name) => replicas.get(name))).toEqual([2, 2, 2]);
    expect(replicas.get('batch/job')).toBe(1);
  });

  it('lets draining and the last requests end within the grace period', () => {
    for (const one of of(appsManifests(), 'Deployment')) {
      const spec = one.spec?.template.spec;
      const drain = spec?.containers[0]?.env?.find((variable) => variable.name === 'DRAIN_SECONDS')?.value;
      expect(spec?.terminationGracePeriodSeconds).toBeGreaterThan(Number(drain) + 3);
    }
  });

  it('takes the NodePort and the domain from its options', () => {
    const objects = appsManifests({ nodePort: 31000, clusterDomain: 'example.test' });
    const ports = of(objects, 'Service').flatMap((one) => one.spec?.ports ?? []).map((port) => port.nodePort);
    expect(ports.filter((port) => port !== undefined)).toEqual([31000]);
    expect(JSON.stringify(objects)).toContain('http://ledger.shop.svc.example.test:8080');
  });
});
