import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { KubeObject } from '../../cluster/objects.ts';
import { appsManifests } from './manifests.ts';

const of = (objects: readonly KubeObject[], kind: string): any[] => objects.filter((object) => object.kind === kind);
const id = (object: KubeObject): string => `${object.metadata.namespace}/${object.metadata.name}`;

describe('appsManifests', () => {
  it('is what testdata/apps.yaml shows', async () => {
    const yaml = appsManifests().map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n');
    await expect(yaml).toMatchFileSnapshot('testdata/apps.yaml');
  });

  it('selects with every Service, budget and policy pods that exist, and no budget blocks a drain for ever', () => {
    const objects = appsManifests();
    const pods = new Map(of(objects, 'Deployment').map((one) => [`${one.metadata.namespace}/${one.spec.template.metadata.labels.app}`, one.spec.replicas as number]));
    for (const one of of(objects, 'Service')) expect(pods.has(`${one.metadata.namespace}/${one.spec.selector.app}`), id(one)).toBe(true);
    for (const one of of(objects, 'PodDisruptionBudget')) expect(pods.get(`${one.metadata.namespace}/${one.spec.selector.matchLabels.app}`), id(one)).toBeGreaterThan(one.spec.minAvailable);
    for (const one of of(objects, 'NetworkPolicy')) {
      const selectors = [one.spec.podSelector, ...(one.spec.ingress ?? []).flatMap((rule: any) => (rule.from ?? []).map((peer: any) => peer.podSelector))];
      for (const selector of selectors.filter((each) => each.matchLabels !== undefined)) expect(pods.has(`${one.metadata.namespace}/${selector.matchLabels.app}`), id(one)).toBe(true);
    }
    expect(of(objects, 'PodDisruptionBudget').map(id)).toEqual(['shop/ledger', 'shop/catalog', 'shop/web']);
    expect(pods.get('batch/job')).toBe(1);
  });

  it('lets draining and the last requests end within the grace period', () => {
    for (const one of of(appsManifests(), 'Deployment')) {
      const { terminationGracePeriodSeconds, containers } = one.spec.template.spec;
      const drain = containers[0].env.find((variable: any) => variable.name === 'DRAIN_SECONDS').value;
      expect(terminationGracePeriodSeconds).toBeGreaterThan(Number(drain) + 3);
    }
  });

  it('takes the NodePort and the domain from its options', () => {
    const objects = appsManifests({ nodePort: 31000, clusterDomain: 'example.test' });
    const ports = of(objects, 'Service').flatMap((one) => one.spec.ports.map((port: any) => port.nodePort)).filter(Boolean);
    expect(ports).toEqual([31000]);
    expect(JSON.stringify(objects)).toContain('http://ledger.shop.svc.example.test:8080');
  });
});
