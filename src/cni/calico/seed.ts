/** Tells every Calico node beforehand how to reach every other: the tunnel as it is now, written as Node annotations. */
import type { Cluster } from '../../cluster/client.ts';
import type { NodeObject } from '../../cluster/objects.ts';

/** One node's end of the tunnel. */
export interface NodeSeed {
  node: string;
  /** Address in the underlay that tunnel packets go to. */
  address: string;
  /** Address of the tunnel device: the first of the node's podCIDR. */
  tunnelAddress: string;
  /** MAC address of the tunnel device, as the kernel has it. */
  tunnelMac: string;
}

/** Prefix of all annotations of Calico on Nodes. */
export const annotationPrefix = 'projectcalico.org/';

/** The annotations that Felix reads a host's tunnel end from (libcalico-go/lib/backend/k8s/resources/node.go). A Felix drops tunnel packets of hosts that it does not know, so all nodes are seeded before the first starts. */
function seedAnnotations(seed: NodeSeed): Record<string, string> {
  return {
    [`${annotationPrefix}IPv4Address`]: `${seed.address}/32`,
    [`${annotationPrefix}IPv4VXLANTunnelAddr`]: seed.tunnelAddress,
    [`${annotationPrefix}VXLANTunnelMACAddr`]: seed.tunnelMac,
  };
}

/** Calico's annotations on a Node, for a backup. */
export function calicoAnnotations(node: NodeObject): Record<string, string> {
  return Object.fromEntries(Object.entries(node.metadata.annotations ?? {}).filter(([key]) => key.startsWith(annotationPrefix)));
}

/** Which seeds a Node lacks or has differently; empty when Calico would find what it must. calico-node may have replaced the /32 by the real prefix length. */
export function missingSeeds(node: NodeObject, seed: NodeSeed): string[] {
  const has = calicoAnnotations(node);
  return Object.entries(seedAnnotations(seed)).flatMap(([key, value]) => {
    const is = has[key];
    const same = key.endsWith('/IPv4Address') ? is?.split('/')[0] === seed.address : is?.toLowerCase() === value.toLowerCase();
    return same ? [] : [`Node ${node.metadata.name}: annotation ${key} should be ${value}, it is ${is ?? 'absent'}`];
  });
}

/** Writes a node's seed. */
export async function seedNode(cluster: Cluster, seed: NodeSeed): Promise<void> {
  await cluster.patch(nodeRef(seed.node), { metadata: { annotations: seedAnnotations(seed) } });
}

/** Puts Calico's annotations of a Node back to what they were: `before` as of `calicoAnnotations`, empty for a node that never had any. A Node that is gone is fine. */
export async function restoreAnnotations(cluster: Cluster, name: string, before: Record<string, string>): Promise<void> {
  const node = await cluster.get<NodeObject>(nodeRef(name));
  if (node === undefined) return;
  const cleared = Object.fromEntries(Object.keys(calicoAnnotations(node)).map((key) => [key, null]));
  await cluster.patch(nodeRef(name), { metadata: { annotations: { ...cleared, ...before } } });
}

function nodeRef(name: string) {
  return { apiVersion: 'v1', kind: 'Node', name };
}
