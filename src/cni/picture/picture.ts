/** What a cluster's network is, as far as a snapshot shows: the summary that `snapshot show` prints and rules start from. */
import { internalIp, isReady, type NodeObject } from '../../cluster/objects.ts';
import { SnapshotIndex } from '../../cluster/snapshot/index-of.ts';
import type { Snapshot } from '../../cluster/snapshot/model.ts';
import type { Pod, ServiceObject, Workload } from '../../cluster/snapshot/typed.ts';
import { ciliumConfig, findCnis, whatMayRun, type CniPresence } from './cnis.ts';
import { disabled, k3sNode, setting, type K3sNode } from './k3s-args.ts';
import { findRanges, kubeProxyConfig, type Range } from './ranges.ts';

/** A value and why it is believed. */
export interface Known<T> { value: T; evidence: string }

export interface Picture {
  index: SnapshotIndex;
  distribution: Known<'k3s' | 'kubeadm' | 'rke2'> | undefined;
  k3s: K3sNode[];
  cnis: CniPresence[];
  /** Why CNIs may run that are not among them; undefined when none can. */
  hidden: string | undefined;
  /** The one that serves pods; undefined when none, or several, run. */
  cni: CniPresence | undefined;
  ranges: Range[];
  /** How Services are implemented. */
  serviceProxy: Known<'iptables' | 'ipvs' | 'nftables' | 'cilium' | 'none'> | undefined;
  /** Who enforces NetworkPolicies; `none` when nobody does. */
  enforcer: Known<'kube-router' | 'calico' | 'cilium' | 'other' | 'none'> | undefined;
  loadBalancers: { name: 'metallb' | 'servicelb' | 'cilium' | 'calico' | 'kube-vip'; evidence: string }[];
  dns: { workload: Workload | undefined; service: ServiceObject | undefined; nodeLocal: boolean };
  nodes: NodeObject[];
}

/** Derives it. */
export function pictureOf(snapshot: Snapshot): Picture {
  const index = new SnapshotIndex(snapshot);
  const nodes = [...index.objects<NodeObject>('Node')];
  const k3s = nodes.flatMap((node) => k3sNode(node, index.host(node.metadata.name)) ?? []);
  const cnis = findCnis(index, k3s);
  const running = cnis.filter((one) => one.how !== 'trace' && one.name !== 'multus');
  const cni = running.length === 1 ? running[0] : undefined;
  return {
    index, k3s, cnis, cni, nodes,
    hidden: whatMayRun(index, k3s),
    distribution: distributionOf(index, nodes),
    ranges: findRanges(index, k3s),
    serviceProxy: serviceProxyOf(index, k3s),
    enforcer: enforcerOf(running, k3s),
    loadBalancers: loadBalancersOf(index, k3s),
    dns: dnsOf(index),
  };
}

function distributionOf(index: SnapshotIndex, nodes: readonly NodeObject[]): Picture['distribution'] {
  for (const node of nodes) {
    const version = node.status?.nodeInfo?.kubeletVersion ?? '';
    if (version.includes('+k3s')) return { value: 'k3s', evidence: `Node ${node.metadata.name} runs kubelet ${version}` };
    if (version.includes('+rke2')) return { value: 'rke2', evidence: `Node ${node.metadata.name} runs kubelet ${version}` };
    if (node.metadata.annotations?.['k3s.io/node-args'] !== undefined) return { value: 'k3s', evidence: `Node ${node.metadata.name} has the annotation k3s.io/node-args` };
  }
  const host = index.snapshot.hosts.find(({ distribution }) => distribution !== undefined);
  if (host?.distribution?.name === 'k3s' || host?.distribution?.name === 'kubeadm') return { value: host.distribution.name, evidence: `host ${host.node} has its files and its service ${host.distribution.service}` };
  const kubeadm = index.objects('ConfigMap').find(({ metadata }) => metadata.name === 'kubeadm-config');
  return kubeadm === undefined ? undefined : { value: 'kubeadm', evidence: 'ConfigMap kube-system/kubeadm-config is there' };
}

function serviceProxyOf(index: SnapshotIndex, k3s: readonly K3sNode[]): Picture['serviceProxy'] {
  const kpr = ciliumConfig(index)?.['kube-proxy-replacement'];
  if (kpr === 'true' || kpr === 'strict') return { value: 'cilium', evidence: `cilium-config kube-proxy-replacement is ${kpr}` };
  const config = kubeProxyConfig(index)?.config;
  if (config !== undefined) {
    const mode = config.mode === 'ipvs' || config.mode === 'nftables' ? config.mode : 'iptables';
    return { value: mode, evidence: `kube-proxy configuration mode is ${JSON.stringify(config.mode ?? '')}` };
  }
  const [server] = k3s.filter((node) => node.role === 'server');
  if (server === undefined) return undefined;
  const off = setting(server, 'disable-kube-proxy');
  if (off?.value === 'true') return { value: 'none', evidence: `disable-kube-proxy (${off.source})` };
  const passed = (server.args.get('kube-proxy-arg') ?? []).find(({ value }) => value.startsWith('proxy-mode='));
  const mode = passed?.value.slice('proxy-mode='.length);
  if (mode === 'ipvs' || mode === 'nftables') return { value: mode, evidence: `kube-proxy-arg ${passed?.value ?? ''} (${passed?.source ?? ''})` };
  return { value: 'iptables', evidence: `default of K3s (server ${server.node} does not say)` };
}

function enforcerOf(running: readonly CniPresence[], k3s: readonly K3sNode[]): Picture['enforcer'] {
  const by = (name: string): CniPresence | undefined => running.find((one) => one.name === name);
  const calico = by('calico') ?? by('canal');
  if (calico !== undefined) return { value: 'calico', evidence: calico.evidence };
  const cilium = by('cilium');
  if (cilium !== undefined) return { value: 'cilium', evidence: cilium.evidence };
  const other = by('kube-router') ?? by('weave') ?? by('antrea');
  if (other !== undefined) return { value: 'other', evidence: other.evidence };
  const [server] = k3s.filter((node) => node.role === 'server');
  if (server !== undefined) {
    const off = setting(server, 'disable-network-policy');
    if (off?.value === 'true') return { value: 'none', evidence: `disable-network-policy (${off.source})` };
    return { value: 'kube-router', evidence: `K3s runs its own policy controller unless disable-network-policy is set, and server ${server.node} does not set it` };
  }
  const flannel = by('flannel');
  // Where what runs it is not seen, neither is K3s' own policy controller.
  return flannel === undefined || flannel.how === 'annotated' ? undefined : { value: 'none', evidence: `${flannel.evidence}; Flannel enforces no policies, and nothing else that does was seen` };
}

function loadBalancersOf(index: SnapshotIndex, k3s: readonly K3sNode[]): Picture['loadBalancers'] {
  const found: Picture['loadBalancers'] = [];
  const workloads = [...index.objects<Workload>('Deployment'), ...index.objects<Workload>('DaemonSet')];
  const metallb = workloads.find(({ spec }) => spec?.template?.spec?.containers?.some(({ image = '' }) => /metallb\/(controller|speaker)|metallb-(controller|speaker)/.test(image)));
  if (metallb !== undefined) found.push({ name: 'metallb', evidence: `${metallb.kind} ${metallb.metadata.namespace ?? ''}/${metallb.metadata.name}` });
  else if (index.objects('IPAddressPool').length > 0) found.push({ name: 'metallb', evidence: 'objects of kind IPAddressPool are there' });
  const svclb = index.objects('DaemonSet').find(({ metadata }) => metadata.name.startsWith('svclb-'));
  const [server] = k3s.filter((node) => node.role === 'server');
  if (svclb !== undefined) found.push({ name: 'servicelb', evidence: `DaemonSet ${svclb.metadata.namespace ?? ''}/${svclb.metadata.name}` });
  else if (server !== undefined && !disabled(server).includes('servicelb')) found.push({ name: 'servicelb', evidence: `K3s runs it unless it is disabled, and server ${server.node} does not disable it` });
  if (index.objects('CiliumLoadBalancerIPPool').length > 0) found.push({ name: 'cilium', evidence: 'objects of kind CiliumLoadBalancerIPPool are there' });
  const calico = index.objects('IPPool').find((pool) => ((pool['spec'] as { allowedUses?: string[] } | undefined)?.allowedUses ?? []).includes('LoadBalancer'));
  if (calico !== undefined) found.push({ name: 'calico', evidence: `IPPool ${calico.metadata.name} has the use LoadBalancer` });
  const vip = [...index.objects<Workload>('DaemonSet'), ...index.objects<Pod>('Pod')].find((one) => {
    const spec = one.kind === 'Pod' ? (one as Pod).spec : (one as Workload).spec?.template?.spec;
    return spec?.containers?.some(({ image = '' }) => /kube-vip\/kube-vip/.test(image)) === true;
  });
  if (vip !== undefined) found.push({ name: 'kube-vip', evidence: `${vip.kind} ${vip.metadata.namespace ?? ''}/${vip.metadata.name}` });
  return found;
}

function dnsOf(index: SnapshotIndex): Picture['dns'] {
  const isDns = (one: Workload): boolean => one.metadata.namespace === 'kube-system' && (one.metadata.labels?.['k8s-app'] === 'kube-dns' || /^(rke2-)?coredns/.test(one.metadata.name)) && !/autoscaler/.test(one.metadata.name);
  return {
    workload: index.objects<Workload>('Deployment').find(isDns) ?? index.objects<Workload>('DaemonSet').find(isDns),
    service: index.objects<ServiceObject>('Service').find(({ metadata }) => metadata.namespace === 'kube-system' && (metadata.name === 'kube-dns' || metadata.labels?.['k8s-app'] === 'kube-dns')),
    nodeLocal: index.objects('DaemonSet').some(({ metadata }) => /node-local-dns/.test(metadata.name)),
  };
}

/** `name (address)` of a node, and whether it is ready. */
export function nodeFacts(node: NodeObject): { name: string; address: string | undefined; ready: boolean; podCidr: string | undefined; kubelet: string | undefined; kernel: string | undefined } {
  const info = node.status?.nodeInfo;
  return { name: node.metadata.name, address: internalIp(node), ready: isReady(node), podCidr: node.spec?.podCIDR, kubelet: info?.kubeletVersion, kernel: info?.kernelVersion };
}
