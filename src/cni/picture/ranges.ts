/** The address ranges that a cluster's parts believe in, each with the place that says so. */
import type { KubeObject, NodeObject } from '../../cluster/objects.ts';
import { parseDocument } from '../../cluster/snapshot/parse.ts';
import type { SnapshotIndex } from '../../cluster/snapshot/index-of.ts';
import type { AddressPool, ConfigMap, IpPool, Pod } from '../../cluster/snapshot/typed.ts';
import { chartPodRanges } from './charts.ts';
import { ciliumConfig, netConf } from './cnis.ts';
import { parseWords, setting, type K3sNode } from './k3s-args.ts';

export type RangeUse = 'pod' | 'service' | 'load-balancer' | 'node-pod';

export interface Range {
  use: RangeUse;
  /** A prefix, or two addresses with a hyphen between. */
  range: string;
  /** Who says so, in words. */
  source: string;
  /** What the source is: the same kind of source is not compared with itself. */
  by: 'distribution' | 'kubeadm' | 'kube-proxy' | 'controller-manager' | 'api-server' | 'flannel' | 'calico' | 'cilium' | 'node' | 'metallb' | 'cilium-lb';
  object?: KubeObject;
}

/** Arguments of a static pod of the control plane, by name. */
function componentArgs(index: SnapshotIndex, component: string): { pod: Pod; args: Map<string, string[]> }[] {
  return index.objects<Pod>('Pod').filter(({ metadata }) => metadata.namespace === 'kube-system' && metadata.labels?.['component'] === component).map((pod) => {
    const container = pod.spec?.containers?.[0];
    return { pod, args: parseWords([...(container?.command ?? []), ...(container?.args ?? [])]) };
  });
}

const split = (value: string): string[] => value.split(',').map((one) => one.trim()).filter((one) => one.includes('/'));

/** Ranges of pods and Services as each part of the cluster has them; load balancer pools; podCIDRs. */
export function findRanges(index: SnapshotIndex, k3s: readonly K3sNode[]): Range[] {
  const found: Range[] = [];
  const add = (use: RangeUse, by: Range['by'], text: string, source: string, object?: KubeObject): void => {
    for (const range of split(text)) found.push({ use, by, range, source, ...(object === undefined ? {} : { object }) });
  };
  for (const server of k3s.filter((node) => node.role === 'server')) {
    for (const [use, name] of [['pod', 'cluster-cidr'], ['service', 'service-cidr']] as const) {
      const said = setting(server, name);
      if (said !== undefined) add(use, 'distribution', said.value, `K3s ${name}: ${said.source}`);
    }
  }
  const kubeadm = index.objects<ConfigMap>('ConfigMap').find(({ metadata }) => metadata.name === 'kubeadm-config');
  const networking = (parseDocument(kubeadm?.data?.['ClusterConfiguration'] ?? '') as { networking?: { podSubnet?: string; serviceSubnet?: string } } | undefined)?.networking;
  add('pod', 'kubeadm', networking?.podSubnet ?? '', 'kubeadm-config networking.podSubnet', kubeadm);
  add('service', 'kubeadm', networking?.serviceSubnet ?? '', 'kubeadm-config networking.serviceSubnet', kubeadm);
  const proxy = kubeProxyConfig(index);
  add('pod', 'kube-proxy', proxy?.config.clusterCIDR ?? '', 'kube-proxy configuration clusterCIDR', proxy?.object);
  for (const { pod, args } of componentArgs(index, 'kube-controller-manager')) {
    add('pod', 'controller-manager', args.get('cluster-cidr')?.[0] ?? '', `Pod ${pod.metadata.name} --cluster-cidr`, pod);
  }
  for (const { pod, args } of componentArgs(index, 'kube-apiserver')) {
    add('service', 'api-server', args.get('service-cluster-ip-range')?.[0] ?? '', `Pod ${pod.metadata.name} --service-cluster-ip-range`, pod);
  }
  for (const one of index.objects('ServiceCIDR')) {
    for (const cidr of (one['spec'] as { cidrs?: string[] } | undefined)?.cidrs ?? []) add('service', 'api-server', cidr, `ServiceCIDR ${one.metadata.name}`, one);
  }
  add('pod', 'flannel', netConf(index)?.Network ?? '', 'kube-flannel-cfg net-conf.json Network');
  // Both API groups may be in a dump; they show the same pools.
  const pools = new Map(index.objects<IpPool>('IPPool').map((pool) => [pool.metadata.name, pool]));
  for (const pool of pools.values()) {
    const uses = pool.spec?.allowedUses;
    if (pool.spec?.disabled === true) continue;
    const use = uses !== undefined && !uses.includes('Workload') ? (uses.includes('LoadBalancer') ? 'load-balancer' : undefined) : 'pod';
    if (use !== undefined) add(use, 'calico', pool.spec?.cidr ?? '', `IPPool ${pool.metadata.name} spec.cidr`, pool);
  }
  const cilium = ciliumConfig(index);
  if (cilium?.['ipam'] === 'cluster-pool') add('pod', 'cilium', cilium['cluster-pool-ipv4-cidr'] ?? '10.0.0.0/8', cilium['cluster-pool-ipv4-cidr'] === undefined ? "default of Cilium's cluster-pool" : 'cilium-config cluster-pool-ipv4-cidr');
  // Values of charts say what will be installed; what is there says more.
  const deciding = new Map<string, KubeObject | undefined>(found.filter(({ use }) => use === 'pod').map(({ by }) => [by, undefined]));
  for (const { by, range, object, field } of chartPodRanges(index)) {
    if (!deciding.has(by)) deciding.set(by, object);
    if (deciding.get(by) === object) add('pod', by, range, `${object.kind} ${object.metadata.name} ${field}`, object);
  }
  for (const node of index.objects<NodeObject>('Node')) {
    for (const cidr of node.spec?.podCIDRs ?? (node.spec?.podCIDR === undefined ? [] : [node.spec.podCIDR])) add('node-pod', 'node', cidr, `Node ${node.metadata.name} spec.podCIDR`, node);
  }
  for (const pool of index.objects<AddressPool>('IPAddressPool')) {
    for (const range of pool.spec?.addresses ?? []) found.push({ use: 'load-balancer', by: 'metallb', range: range.replaceAll(' ', ''), source: `IPAddressPool ${pool.metadata.name} spec.addresses`, object: pool });
  }
  for (const pool of index.objects('CiliumLoadBalancerIPPool')) {
    const { blocks = [], cidrs = [] } = (pool['spec'] ?? {}) as { blocks?: { cidr?: string; start?: string; stop?: string }[]; cidrs?: { cidr?: string }[] };
    for (const { cidr, start, stop } of [...blocks, ...cidrs] as { cidr?: string; start?: string; stop?: string }[]) {
      const range = cidr ?? (start === undefined ? undefined : `${start}-${stop ?? start}`);
      if (range !== undefined) found.push({ use: 'load-balancer', by: 'cilium-lb', range, source: `CiliumLoadBalancerIPPool ${pool.metadata.name}`, object: pool });
    }
  }
  return found;
}

/** kube-proxy's configuration file. */
export function kubeProxyConfig(index: SnapshotIndex): { object: KubeObject; config: { clusterCIDR?: string; mode?: string; ipvs?: { strictARP?: boolean }; conntrack?: { maxPerCore?: number; min?: number } } } | undefined {
  const object = index.objects<ConfigMap>('ConfigMap').find(({ metadata, data }) => /^kube-proxy(-config)?$/.test(metadata.name) && Object.keys(data ?? {}).length > 0);
  const text = object?.data?.['config.conf'] ?? object?.data?.['config.yaml'];
  const config = text === undefined ? undefined : parseDocument(text);
  return object === undefined || typeof config !== 'object' || config === null ? undefined : { object, config };
}
