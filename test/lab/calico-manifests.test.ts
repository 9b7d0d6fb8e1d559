/** The API server takes Calico's objects as Fairlead makes them, and taking them again changes nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { detectCalico } from '../../src/cni/calico/detect.ts';
import { calicoManifests } from '../../src/cni/calico/manifests.ts';
import { missingSeeds, restoreAnnotations, seedNode } from '../../src/cni/calico/seed.ts';
import { detectFlannel, flannelAnnotationKeys, removeFlannelAnnotations } from '../../src/cni/flannel/detect.ts';
import { Cluster } from '../../src/cluster/client.ts';
import { refOf, type NodeObject } from '../../src/cluster/objects.ts';
import { apiServerForTests, type TestApiServer } from './api-server.ts';

const settings = { clusterCidr: '10.42.0.0/16', vni: 1, port: 8472, mtu: 1450, cniConfDir: '/etc/cni/net.d', cniBinDir: '/opt/cni/bin', nodeSelector: { 'projectcalico.org/node-network-during-migration': 'calico' } };
const nodeRef = { apiVersion: 'v1', kind: 'Node', name: 'n1' };

describe('CNI objects on a real API server', { timeout: 60_000 }, () => {
  let server: TestApiServer;
  let cluster: Cluster;

  beforeAll(async () => {
    server = await apiServerForTests();
    cluster = await Cluster.connect({ kubeconfig: server.kubeconfig });
    const annotations = {
      'flannel.alpha.coreos.com/backend-type': 'vxlan',
      'flannel.alpha.coreos.com/backend-data': '{"VNI":1,"VtepMAC":"02:11:22:33:44:01"}',
      'flannel.alpha.coreos.com/public-ip': '192.168.77.11',
    };
    await cluster.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', annotations }, spec: { podCIDR: '10.42.0.0/24' } });
    await cluster.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n2' } });
  });

  afterAll(async () => {
    cluster?.close();
    await server?.stop();
  });

  test('Calico: applied twice, the second time nothing changes', async () => {
    expect(await detectCalico(cluster)).toBeUndefined();
    const { crds, rbac, resources, workloads } = await calicoManifests(settings);
    const versions: string[][] = [];
    for (let round = 0; round < 2; round++) {
      for (const crd of crds) await cluster.apply(crd);
      await cluster.waitForKind('crd.projectcalico.org/v1', 'IPPool', { timeoutMs: 15_000 });
      await cluster.waitForKind('crd.projectcalico.org/v1', 'FelixConfiguration', { timeoutMs: 15_000 });
      for (const object of [...rbac, ...resources, ...workloads]) await cluster.apply(object);
      const there = await Promise.all([...rbac, ...resources, ...workloads].map(async (object) => await cluster.get(refOf(object))));
      versions.push(there.map((object) => object?.metadata.resourceVersion ?? 'absent'));
    }
    expect(versions[0]).toEqual(versions[1]);
    expect(versions[0]).not.toContain('absent');
    expect(await detectCalico(cluster)).toMatchObject({
      kind: 'manifest',
      daemonSet: { namespace: 'kube-system', name: 'calico-node', image: 'docker.io/calico/node:v3.31.0' },
      pools: [{ name: 'default-ipv4-ippool', cidr: '10.42.0.0/16', vxlanMode: 'Always', ipipMode: 'Never' }],
    });
    // Without the selector the very same objects are patched in place.
    const everywhere = await calicoManifests({ clusterCidr: settings.clusterCidr, vni: 1, port: 8472, mtu: 1450, cniConfDir: settings.cniConfDir, cniBinDir: settings.cniBinDir });
    const daemonSet = everywhere.workloads.find((object) => object.kind === 'DaemonSet');
    const applied = daemonSet && (await cluster.apply(daemonSet));
    expect((applied!['spec'] as { template: { spec: { nodeSelector: unknown } } }).template.spec.nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' });
  });

  test('seeds are written, missed when absent, and taken back', async () => {
    const seed = { node: 'n1', address: '192.168.77.11', tunnelAddress: '10.42.0.0', tunnelMac: '02:11:22:33:44:01' };
    const node = async () => (await cluster.get<NodeObject>(nodeRef)) as NodeObject;
    expect(missingSeeds(await node(), seed)).toHaveLength(3);
    await seedNode(cluster, seed);
    expect(missingSeeds(await node(), seed)).toEqual([]);
    expect(missingSeeds(await node(), { ...seed, tunnelMac: '02:00:00:00:00:00' })).toEqual([expect.stringContaining('VXLANTunnelMACAddr should be 02:00:00:00:00:00, it is 02:11:22:33:44:01')]);
    await restoreAnnotations(cluster, 'n1', { 'projectcalico.org/IPv4Address': '10.0.0.1/24' });
    expect(missingSeeds(await node(), seed)).toHaveLength(3);
    expect((await node()).metadata.annotations?.['projectcalico.org/IPv4Address']).toBe('10.0.0.1/24');
    await restoreAnnotations(cluster, 'n1', {});
    await restoreAnnotations(cluster, 'gone', {});
  });

  test('Flannel is read from its annotations, and they can be removed', async () => {
    expect(await detectFlannel(cluster)).toEqual({
      kind: 'in-process',
      nodes: [{ node: 'n1', podCidr: '10.42.0.0/24', backend: 'vxlan', publicIp: '192.168.77.11', vni: 1, vtepMac: '02:11:22:33:44:01' }],
      nodesWithout: ['n2'],
    });
    expect(await removeFlannelAnnotations(cluster, 'n1')).toHaveLength(3);
    expect(await removeFlannelAnnotations(cluster, 'n1')).toEqual([]);
    expect(flannelAnnotationKeys((await cluster.get<NodeObject>(nodeRef)) as NodeObject)).toEqual([]);
    expect(await detectFlannel(cluster)).toBeUndefined();
  });
});
