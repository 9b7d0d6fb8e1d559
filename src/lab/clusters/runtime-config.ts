/** Settings of containerd and the kubelet that a node made of namespaces needs (reference: docs/guides/lab.md). */
import type { Layout } from './layout.ts';

/** containerd's settings without a `cni` section: the profile, or K3s itself, decides about that one. */
export function containerdConfig(at: Layout): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${at.containerdRoot}"
state = "${at.containerdState}"

[grpc]
  address = "${at.containerdSocket}"

[plugins."io.containerd.internal.v1.opt"]
  path = "${at.containerdRoot}"

[${cri}]
  stream_server_address = "127.0.0.1"
  stream_server_port = "10010"
  sandbox_image = "registry.k8s.io/pause:3.10"
  disable_apparmor = true
  # Without CAP_SYS_RESOURCE no process may lower its oom_score_adj; runc would fail with an unrelated message.
  restrict_oom_score_adj = true

[${cri}.containerd]
  snapshotter = "overlayfs"
  disable_snapshot_annotations = true

[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[${cri}.containerd.runtimes.runc.options]
  SystemdCgroup = false
`;
}

const KUBELET = { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration' };

/** What the kubelet must be told on any node that is made of namespaces, whatever the distribution tells it. */
const LAB_KUBELET = {
  failCgroupV1: false,
  failSwapOn: false,
  enforceNodeAllocatable: [],
  // The lab shares the machine's disk: how full that is must not evict the lab's pods.
  evictionHard: { 'memory.available': '0%', 'nodefs.available': '0%', 'nodefs.inodesFree': '0%', 'imagefs.available': '0%' },
  imageGCHighThresholdPercent: 100,
};

/** The lab's part alone, for a directory of drop-in files. */
export const labKubeletConfig = JSON.stringify({ ...KUBELET, ...LAB_KUBELET }, null, 2);

/** The kubelet's settings as JSON, which is YAML: what the distribution would say, and the lab's part unless that has a file of its own. */
export function kubeletConfig(at: Layout, dns: string, domain: string): string {
  return JSON.stringify({
    ...KUBELET,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: `${at.nodeClientCa}.crt` } },
    authorization: { mode: 'Webhook' },
    tlsCertFile: `${at.kubeletServing}.crt`,
    tlsPrivateKeyFile: `${at.kubeletServing}.key`,
    clusterDNS: [dns],
    clusterDomain: domain,
    containerRuntimeEndpoint: `unix://${at.containerdSocket}`,
    cgroupDriver: 'cgroupfs',
    ...(at.kubeletDropIns === undefined ? LAB_KUBELET : {}),
    serializeImagePulls: false,
    volumePluginDir: '/var/lib/kubelet/volumeplugins',
    staticPodPath: '/etc/kubernetes/manifests',
  }, null, 2);
}
