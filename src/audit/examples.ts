/** Parts that the rules' examples are put together from. */
import type { HostFacts } from '../cluster/snapshot/host-facts.ts';

type Value = Readonly<Record<string, unknown>>;
type Facts = Partial<Omit<HostFacts, 'node'>>;

/** A node; `args` are K3s' arguments without the role. */
export function node(name: string, at: { podCIDR?: string; address?: string; args?: readonly string[]; role?: 'server' | 'agent'; annotations?: Value; labels?: Value; status?: Value; spec?: Value; kubelet?: string } = {}): Value {
  const k3s = at.args === undefined ? {} : { 'k3s.io/node-args': JSON.stringify([at.role ?? 'server', ...at.args]) };
  return {
    apiVersion: 'v1', kind: 'Node',
    metadata: { name, labels: at.labels ?? {}, annotations: { ...k3s, ...at.annotations } },
    spec: { ...(at.podCIDR === undefined ? {} : { podCIDR: at.podCIDR, podCIDRs: [at.podCIDR] }), ...at.spec },
    status: {
      addresses: [{ type: 'InternalIP', address: at.address ?? '192.168.10.11' }], conditions: [{ type: 'Ready', status: 'True' }],
      nodeInfo: { kubeletVersion: at.kubelet ?? (at.args === undefined ? 'v1.33.4' : 'v1.33.4+k3s1'), kernelVersion: '6.1.0-21-amd64' }, ...at.status,
    },
  };
}

/** Flannel's annotations. */
export const flannelAnnotations = (address: string, mac = '02:00:00:00:00:01', vni = 1): Value => ({
  'flannel.alpha.coreos.com/backend-type': 'vxlan', 'flannel.alpha.coreos.com/public-ip': address, 'flannel.alpha.coreos.com/backend-data': JSON.stringify({ VNI: vni, VtepMAC: mac }),
});

/** Facts of a host. */
export function host(name: string, facts: Facts): Value {
  return { apiVersion: 'fairlead.dev/v1', kind: 'HostFacts', metadata: { name }, kernel: '6.1.0-21-amd64', ...facts };
}

type Link = NonNullable<HostFacts['links']>[number];
/** A device. */
export function link(name: string, more: Partial<Link> = {}): Link {
  return { index: 2, name, kind: '', mac: '02:00:00:00:00:01', mtu: 1500, up: true, peerElsewhere: false, ...more };
}
/** A VXLAN device. */
export function vxlanLink(name: string, at: { vni?: number; port?: number; mtu?: number; up?: boolean; mac?: string; external?: boolean } = {}): Link {
  return link(name, { kind: 'vxlan', mtu: at.mtu ?? 1450, up: at.up ?? true, mac: at.mac ?? '02:00:00:00:00:01', vxlan: { vni: at.vni ?? 1, port: at.port ?? 8472, learning: false, external: at.external ?? false } });
}
/** A route. */
export function route(dst: string, more: Partial<NonNullable<HostFacts['routes']>[number]> = {}): NonNullable<HostFacts['routes']>[number] {
  return { family: 4, type: 'unicast', dst, table: 'main', protocol: 'boot', onlink: false, ...more };
}
/** A table of a packet filter. */
export function filterTable(more: Partial<NonNullable<HostFacts['iptables']>[number]['tables'][number]> = {}): NonNullable<HostFacts['iptables']>[number]['tables'][number] {
  return { name: 'filter', policies: { INPUT: 'ACCEPT', FORWARD: 'ACCEPT', OUTPUT: 'ACCEPT' }, chains: [], counted: {}, rules: [], dropped: 0, ...more };
}

/** Any object with namespace. */
export function object(apiVersion: string, kind: string, name: string, body: Value = {}, namespace: string | null = 'app', metadata: Value = {}): Value {
  return { apiVersion, kind, metadata: { name, ...(namespace === null ? {} : { namespace }), ...metadata }, ...body };
}

/** A pod that runs. */
export function pod(name: string, at: { namespace?: string; labels?: Value; ip?: string; node?: string; containers?: readonly Value[]; spec?: Value; owner?: string | null; status?: Value; annotations?: Value } = {}): Value {
  const owner = at.owner === null ? {} : { ownerReferences: [{ apiVersion: 'apps/v1', kind: at.owner ?? 'ReplicaSet', name: 'x', uid: 'u', controller: true }] };
  return object('v1', 'Pod', name, {
    spec: { nodeName: at.node ?? 'n1', containers: at.containers ?? [{ name: 'c', image: 'app:1' }], ...at.spec },
    status: { phase: 'Running', podIP: at.ip ?? '10.42.0.5', podIPs: [{ ip: at.ip ?? '10.42.0.5' }], conditions: [{ type: 'Ready', status: 'True' }], ...at.status },
  }, at.namespace ?? 'app', { labels: at.labels ?? { app: 'a' }, annotations: at.annotations ?? {}, ...owner });
}

/** A Service. */
export function service(name: string, spec: Value, more: { namespace?: string; annotations?: Value; labels?: Value; status?: Value } = {}): Value {
  return object('v1', 'Service', name, { spec: { selector: { app: 'a' }, ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }], ...spec }, ...(more.status === undefined ? {} : { status: more.status }) }, more.namespace ?? 'app', { annotations: more.annotations ?? {}, labels: more.labels ?? {} });
}

/** A NetworkPolicy. */
export const policy = (name: string, spec: Value, namespace = 'app'): Value => object('networking.k8s.io/v1', 'NetworkPolicy', name, { spec }, namespace);

/** A workload of `apps/v1`. */
export function workload(kind: string, name: string, image: string, more: { namespace?: string; replicas?: number; labels?: Value; pod?: Value; container?: Value; podLabels?: Value } = {}): Value {
  const labels = more.podLabels ?? { app: name };
  return object('apps/v1', kind, name, {
    spec: { ...(kind === 'DaemonSet' ? {} : { replicas: more.replicas ?? 2 }), selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'c', image, ...more.container }], ...more.pod } } },
  }, more.namespace ?? 'kube-system', { labels: more.labels ?? {} });
}

/** Calico's DaemonSet. */
export const calicoNode = (env: readonly Value[] = []): Value => workload('DaemonSet', 'calico-node', 'docker.io/calico/node:v3.31.0', { container: { env }, pod: { hostNetwork: true } });
/** Cilium's DaemonSet. */
export const ciliumAgent = (): Value => workload('DaemonSet', 'cilium', 'quay.io/cilium/cilium:v1.18.1', { pod: { hostNetwork: true } });
/** Upstream's Flannel. */
export const flannelDaemonSet = (): Value => workload('DaemonSet', 'kube-flannel-ds', 'ghcr.io/flannel-io/flannel:v0.28.0', { namespace: 'kube-flannel', pod: { hostNetwork: true } });
/** A pool of Calico's. */
export const ipPool = (name: string, spec: Value): Value => object('crd.projectcalico.org/v1', 'IPPool', name, { spec: { vxlanMode: 'Always', ipipMode: 'Never', natOutgoing: true, ...spec } }, null);
/** A ConfigMap of kube-system. */
export const configMap = (name: string, data: Value, namespace = 'kube-system'): Value => object('v1', 'ConfigMap', name, { data }, namespace);
/** A pool of MetalLB's. */
export const addressPool = (name: string, addresses: readonly string[], more: Value = {}): Value => object('metallb.io/v1beta1', 'IPAddressPool', name, { spec: { addresses, ...more } }, 'metallb-system');
/** An advertisement of all pools. */
export const l2Advertisement = (name: string, spec: Value = {}): Value => object('metallb.io/v1beta1', 'L2Advertisement', name, { spec }, 'metallb-system');
/** A block of Calico's. */
export const ipamBlock = (name: string, cidr: string, affinity: string): Value => object('crd.projectcalico.org/v1', 'IPAMBlock', name, { spec: { cidr, affinity, allocations: [] } }, null);
