/** Profile `k3s`: K3s' documented files and services around the same Kubernetes (reference: docs/guides/lab.md). */
import { stringify } from 'yaml';
import type { NodeDisk, NodeFile } from '../nodes/node.ts';
import type { LabNode, LabState } from '../state.ts';
import { componentTable } from './components.ts';
import type { KubeObject } from '../../cluster/objects.ts';
import { coreDns, flannelAccess } from './addons.ts';
import { LAB_DIR, layouts } from './layout.ts';
import type { ClusterPki } from './pki.ts';
import { containerdConfig } from './runtime-config.ts';
import { apiServerUrl, commonDisk } from './settings.ts';

const K3S = '/var/lib/rancher/k3s';

/** K3s' own unit file in what the lab's process 1 understands: `KillMode=process` is why pods survive a restart. */
function unit(role: LabNode['role']): NodeFile {
  const name = role === 'server' ? 'k3s' : 'k3s-agent';
  return {
    path: `/etc/systemd/system/${name}.service`,
    content: `[Unit]
Description=Lightweight Kubernetes
Documentation=https://k3s.io

[Install]
WantedBy=multi-user.target

[Service]
Type=notify
EnvironmentFile=-/etc/systemd/system/${name}.service.env
KillMode=process
Delegate=yes
Restart=always
RestartSec=5s
ExecStart=/usr/local/bin/k3s ${role}
`,
  };
}

function config(state: LabState, node: LabNode): NodeFile {
  const shared = { token: `lab-${state.name}`, 'node-ip': node.address, 'node-name': node.name };
  const values = node.role === 'agent' ? { server: apiServerUrl(state), ...shared } : {
    ...shared,
    'cluster-init': true,
    'cluster-cidr': state.clusterCidr,
    'service-cidr': state.serviceCidr,
    'cluster-dns': state.clusterDns,
    'cluster-domain': state.clusterDomain,
    'flannel-backend': state.cni === 'flannel' ? state.flannelBackend : 'none',
    // K3s does enforce NetworkPolicies, by an embedded kube-router. That controller cannot be had as a Go
    // module, so the lab says so openly instead of pretending.
    'disable-network-policy': true,
  };
  return { path: '/etc/rancher/k3s/config.yaml', content: stringify(values), mode: 0o600 };
}

function manifest(name: string, objects: KubeObject[]): NodeFile {
  return { path: `${K3S}/server/manifests/${name}.yaml`, content: objects.map((object) => stringify(object)).join('---\n'), mode: 0o600 };
}

/** CoreDNS as K3s deploys it: a file in the server's manifests directory. */
export function k3sDns(state: LabState): NodeFile {
  return manifest('coredns', coreDns({ domain: state.clusterDomain, address: state.clusterDns, replicas: 1, lameduck: false, nodes: state.nodes }));
}

/** The disk of one node of this profile; `programs` are the paths of built programs on this machine. */
export async function k3sDisk(state: LabState, node: LabNode, pki: ClusterPki, programs: Record<string, string>): Promise<NodeDisk> {
  const at = layouts.k3s;
  const common = await commonDisk(state, node, pki);
  const name = node.role === 'server' ? 'k3s' : 'k3s-agent';
  const table = componentTable(at, `${K3S}/agent/etc/containerd/config.toml`, apiServerUrl(state));
  const plugins = { bridge: 'bridge', 'host-local': 'host-local', loopback: 'loopback', portmap: 'portmap', bandwidth: 'bandwidth', flannel: 'flannel-cni' };
  return {
    ...common,
    files: [
      ...common.files,
      unit(node.role),
      config(state, node),
      { path: `${LAB_DIR}/k3s-components.json`, content: JSON.stringify({ components: table, tools: { kubectl: `${at.bin}/kubectl`, ctr: `${at.bin}/ctr`, etcdctl: `${at.bin}/etcdctl` } }, null, 2) },
      { path: `${LAB_DIR}/containerd-base.toml`, content: containerdConfig(at) },
      ...(node.role === 'server' ? [manifest('rolebindings', flannelAccess())] : []),
    ],
    copies: Object.fromEntries(Object.entries(plugins).map(([plugin, program]) => [`${K3S}/data/cni/${plugin}`, programs[program] ?? program])),
    links: {
      ...common.links,
      '/usr/local/bin/k3s': `${LAB_DIR}/bin/k3s`,
      [`/etc/systemd/system/multi-user.target.wants/${name}.service`]: `/etc/systemd/system/${name}.service`,
    },
  };
}
