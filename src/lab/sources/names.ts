/** Names of the programs a lab runs, the versions the project pins them to, and the files they are found under. */

/** The Kubernetes release that src/lab/components/kubernetes/go.mod pins. */
export const KUBERNETES_VERSION = '1.34.4';
/** The Calico release that src/lab/components/calico/go.mod pins (a pseudo-version of the tag v3.31.0). */
export const CALICO_VERSION = '3.31.0';
/** The flannel release that src/lab/components/flannel-cni-coredns/go.mod pins. */
export const FLANNEL_VERSION = '0.28.10';
/** The release of the CNI reference plugins that the same go.mod pins. */
export const CNI_PLUGINS_VERSION = '1.9.1';
/** The CoreDNS release that the same go.mod pins. */
export const COREDNS_VERSION = '1.12.4';
/** The K3s release that carries the pinned Kubernetes. */
export const K3S_VERSION = `${KUBERNETES_VERSION}+k3s1`;
/** Releases taken for what is not built here; newer or older ones from PATH are fine, see versions.ts. */
export const ETCD_VERSION = '3.5.21';
export const CONTAINERD_VERSION = '1.7.27';
export const RUNC_VERSION = '1.2.6';

/** The programs of src/lab/components/node: the lab's own parts, always of this checkout. */
export const NODE_PROGRAMS = ['labnode', 'k3s', 'flannel-cni', 'shop', 'relay', 'pause'] as const;

/**
 * Every program a lab may use. `calico` is Calico's CNI plugin, IPAM plugin and installer in one;
 * `k3s` is the lab's stand-in for the K3s service, `k3s-release` the genuine K3s binary.
 */
export const COMPONENT_NAMES = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
  'etcd',
  'etcdctl',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'runc',
  'flanneld',
  'coredns',
  'calico-node',
  'calico',
  'calico-install',
  'calico-check-status',
  'calico-wrapper',
  'kube-controllers',
  'bridge',
  'host-local',
  'loopback',
  'portmap',
  'bandwidth',
  ...NODE_PROGRAMS,
  'k3s-release',
] as const;

export type ComponentName = (typeof COMPONENT_NAMES)[number];

/**
 * The file a component is looked up under in a directory or on PATH. Only the two K3s
 * differ from their component's name: a file called `k3s` is the genuine one.
 */
export function fileNameOf(name: ComponentName): string {
  if (name === 'k3s-release') return 'k3s';
  if (name === 'k3s') return 'k3s-standin';
  return name;
}
