import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { calicoManifests } from './manifests.ts';

const settings = { clusterCidr: '10.42.0.0/16', vni: 1, port: 8472, mtu: 1450, cniConfDir: '/etc/cni/net.d', cniBinDir: '/opt/cni/bin' };
const selector = { 'projectcalico.org/node-network-during-migration': 'calico' };

describe('calicoManifests', () => {
  test('what depends on the settings, as YAML', async () => {
    const { resources, workloads } = await calicoManifests({ ...settings, nodeSelector: selector });
    const yaml = [...resources, ...workloads].map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n');
    await expect(yaml).toMatchFileSnapshot('./fixtures/takeover.golden.yaml');
  });

  test('upstream\'s objects are complete and can be applied', async () => {
    const { crds, rbac } = await calicoManifests(settings);
    expect(crds).toHaveLength(24);
    for (const crd of crds) {
      expect(crd.kind).toBe('CustomResourceDefinition');
      expect(crd).not.toHaveProperty('status');
    }
    const names = rbac.map((object) => `${object.kind} ${object.metadata.name}`).toSorted();
    expect(names).toEqual([
      'ClusterRole calico-cni-plugin',
      'ClusterRole calico-kube-controllers',
      'ClusterRole calico-node',
      'ClusterRole calico-tier-getter',
      'ClusterRoleBinding calico-cni-plugin',
      'ClusterRoleBinding calico-kube-controllers',
      'ClusterRoleBinding calico-node',
      'ClusterRoleBinding calico-tier-getter',
      'PodDisruptionBudget calico-kube-controllers',
      'ServiceAccount calico-cni-plugin',
      'ServiceAccount calico-kube-controllers',
      'ServiceAccount calico-node',
    ]);
  });

  test('the CNI conf is JSON once its one unquoted word is filled in, and the network is the one leases are kept under', async () => {
    const { workloads } = await calicoManifests(settings);
    const data = workloads[0]?.['data'] as Record<string, string>;
    const conf = JSON.parse(data['cni_network_config'] ?? '') as { name: string; plugins: { type: string; mtu?: number }[] };
    expect(conf.plugins.map((plugin) => plugin.type)).toEqual(['calico', 'portmap', 'bandwidth']);
    expect(conf.plugins[0]?.mtu).toBe(1450);
    expect(conf.name).toBe('k8s-pod-network');
  });

  test('without a selector Calico runs on every Linux node', async () => {
    const { workloads } = await calicoManifests(settings);
    expect(JSON.stringify(workloads)).not.toContain('node-network-during-migration');
  });

  test('same settings, same objects', async () => {
    expect(await calicoManifests(settings)).toEqual(await calicoManifests({ ...settings }));
  });
});
