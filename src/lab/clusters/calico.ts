/** Calico as a new cluster gets it: upstream's VXLAN port and network identifier, pod addresses from the nodes' own ranges. */
import { calicoManifests } from '../../cni/calico/manifests.ts';
import { seedNode } from '../../cni/calico/seed.ts';
import type { Cluster } from '../../cluster/client.ts';
import type { NodeObject } from '../../cluster/objects.ts';
import { addressAt, parsePrefix } from '../../net/prefix.ts';
import type { LabState } from '../state.ts';

/** Installs Calico once every node has its range. */
export async function applyCalico(cluster: Cluster, state: LabState): Promise<void> {
  const nodes = await cluster.waitFor<NodeObject>({ apiVersion: 'v1', kind: 'Node' }, (seen) => seen.length === state.nodes.length && seen.every((node) => node.spec.podCIDR !== undefined), { timeoutMs: 60_000, what: 'every node to have a range of pod addresses' });
  for (const { metadata, spec } of nodes) {
    const address = state.nodes.find((node) => node.name === metadata.name)?.address ?? '';
    // A locally administered MAC address made from the node's own, as the bridge plugin makes them for pods.
    const mac = ['0a', '58', ...address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'))].join(':');
    await seedNode(cluster, { node: metadata.name, address, tunnelAddress: addressAt(parsePrefix(spec.podCIDR ?? ''), 0), tunnelMac: mac });
  }
  const manifests = await calicoManifests({ clusterCidr: state.clusterCidr, vni: 4096, port: 4789, mtu: 1450, cniConfDir: '/etc/cni/net.d', cniBinDir: '/opt/cni/bin' });
  for (const object of manifests.crds) await cluster.apply(object);
  for (const object of manifests.resources) await cluster.waitForKind(object.apiVersion, object.kind, { timeoutMs: 30_000 });
  for (const object of [...manifests.rbac, ...manifests.resources, ...manifests.workloads]) await cluster.apply(object);
}
