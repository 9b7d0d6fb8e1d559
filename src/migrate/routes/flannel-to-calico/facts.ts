/** What the takeover rests on: read once from the cluster and its nodes, then part of the plan. */

export interface TakeoverNode {
  name: string;
  role: 'server' | 'agent';
  internalIp: string;
  podCidr: string;
  bootId: string;
  /** MAC address of the node's tunnel device, from its kernel: peers send to it, so it must stay. */
  vtepMac: string;
  /** Address of the tunnel device: the first of the podCIDR. */
  tunnelAddress: string;
}

/** Where the built-in CNI keeps its files on a node, and where they are looked for once it is switched off. */
export interface CniPlacement {
  /** Directories that containerd reads while Flannel is on. */
  before: { confDir: string; binDir: string };
  /** Directories that containerd reads when Calico takes over. */
  after: { confDir: string; binDir: string };
}

export interface TakeoverFacts {
  cluster: { id: string; name: string; kubernetes: string };
  distro: 'k3s' | 'kubeadm';
  /** Agents first, servers last: the order in which they move. */
  nodes: TakeoverNode[];
  tunnel: { device: string; vni: number; port: number; mtu: number };
  clusterCidr: string;
  placement: CniPlacement;
  /** Flannel's DaemonSet, where it is one; absent inside a node service. */
  daemonSet?: { namespace: string; name: string };
  /** The NetworkPolicy controller inside the service: whether it runs, and on which nodes its rules are. */
  policyController: { name: string; runs: boolean; rulesOn: string[] } | undefined;
  /** Files of the built-in CNI that its distribution leaves behind. */
  leftoverPaths: string[];
  /** What ties running pods to a node, as `claim shop/data-db-0`: those pods are down while their node is in flight. */
  tied: { node: string; by: string }[];
  dns: { namespace: string; name: string; replicas: number; graceful: boolean } | undefined;
}
