/** What a real K3s must be told in a lab that the stand-in knows by itself: no way out to any registry, and a node made of namespaces. */
import type { NodeFile } from '../nodes/node.ts';
import { PAUSE } from '../images/other-images.ts';

/** Settings of servers and agents: the sandbox image is one of the archives in agent/images. */
export const genuineSettings = { 'pause-image': PAUSE } as const;

/** Settings of servers. K3s' own add-ons name images that the lab does not have; the lab deploys a CoreDNS of its own. */
export const genuineServerSettings = {
  disable: ['coredns', 'traefik', 'servicelb', 'metrics-server', 'local-storage'],
  'disable-helm-controller': true,
} as const;

/**
 * containerd's settings as K3s ≥ 1.31 writes them for containerd 2 (pkg/agent/templates), with two additions. They
 * cannot be appended to K3s' own text by `{{ template "base" . }}`, because they belong into tables that the text has
 * already. What K3s decides (directories, the sandbox image, CNI or none) stays K3s' decision.
 */
const CONTAINERD_TEMPLATE = `version = 3
root = {{ printf "%q" .NodeConfig.Containerd.Root }}
state = {{ printf "%q" .NodeConfig.Containerd.State }}

[grpc]
  address = {{ printf "%q" .NodeConfig.Containerd.Address }}

[plugins.'io.containerd.internal.v1.opt']
  path = {{ printf "%q" .NodeConfig.Containerd.Opt }}

[plugins.'io.containerd.grpc.v1.cri']
  stream_server_address = "127.0.0.1"
  stream_server_port = "10010"

[plugins.'io.containerd.cri.v1.runtime']
  disable_apparmor = true
  # Without CAP_SYS_RESOURCE no process may lower its oom_score_adj; runc would fail with an unrelated message.
  restrict_oom_score_adj = true

[plugins.'io.containerd.cri.v1.images']
  snapshotter = {{ printf "%q" .NodeConfig.AgentConfig.Snapshotter }}
  disable_snapshot_annotations = true

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = {{ printf "%q" .NodeConfig.AgentConfig.PauseImage }}
{{ with .NodeConfig.AgentConfig.CNIConfDir }}
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dir = {{ printf "%q" $.NodeConfig.AgentConfig.CNIBinDir }}
  conf_dir = {{ printf "%q" . }}
{{ end }}
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  SystemdCgroup = {{ .SystemdCgroup }}
`;

/** Files for K3s' own tree. */
export function genuineFiles(): NodeFile[] {
  return [{ path: '/var/lib/rancher/k3s/agent/etc/containerd/config-v3.toml.tmpl', content: CONTAINERD_TEMPLATE }];
}
