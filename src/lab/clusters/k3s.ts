/** Profile `k3s`: K3s' documented files and services around the same Kubernetes (reference: docs/guides/lab.md). */
import { parse, stringify } from 'yaml';
import type { KubeObject } from '../../cluster/objects.ts';
import type { NodeDisk, NodeFile } from '../nodes/node.ts';
import { labPaths } from '../paths.ts';
import type { LabNode, LabState } from '../state.ts';
import { coreDns, flannelAccess } from './addons.ts';
import { componentTable } from './components.ts';
import { genuineFiles, genuineServerSettings, genuineSettings } from './k3s-genuine.ts';
import { LAB_DIR, layouts } from './layout.ts';
import type { ClusterPki } from './pki.ts';
import { containerdConfig, labKubeletConfig } from './runtime-config.ts';
import { apiServerUrl, commonDisk } from './settings.ts';

const K3S = '/var/lib/rancher/k3s';

/** Where K3s writes the administrator's kubeconfig on a server. */
export const K3S_KUBECONFIG = layouts.k3s.adminConf;

/** Below it lie files for K3s' own tree that K3s makes at its first start and the stand-in has to be given (src/lab/components/node/internal/k3s/seed.go). */
const SEED = `${LAB_DIR}/seed`;

/** The unit as K3s' install.sh writes it: `KillMode=process` is why pods survive a restart. The lab's process 1 acts upon the settings that it knows. */
function unit(role: LabNode['role']): NodeFile {
  const name = role === 'server' ? 'k3s' : 'k3s-agent';
  return {
    path: `/etc/systemd/system/${name}.service`,
    content: `[Unit]
Description=Lightweight Kubernetes
Documentation=https://k3s.io
Wants=network-online.target
After=network-online.target

[Install]
WantedBy=multi-user.target

[Service]
Type=${role === 'server' ? 'notify' : 'exec'}
EnvironmentFile=-/etc/default/%N
EnvironmentFile=-/etc/sysconfig/%N
EnvironmentFile=-/etc/systemd/system/${name}.service.env
KillMode=process
Delegate=yes
User=root
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5s
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/local/bin/k3s \\
    ${role} \\

`,
  };
}

/** config.yaml of a node. */
function config(state: LabState, node: LabNode): NodeFile {
  const genuine = state.k3s !== undefined;
  const shared = { token: `lab-${state.name}`, 'node-ip': node.address, 'node-name': node.name, ...(genuine ? genuineSettings : {}) };
  const values = node.role === 'agent' ? { server: apiServerUrl(state), ...shared } : {
    ...shared,
    'cluster-init': true,
    'cluster-cidr': state.clusterCidr,
    'service-cidr': state.serviceCidr,
    'cluster-dns': state.clusterDns,
    'cluster-domain': state.clusterDomain,
    'flannel-backend': state.cni === 'flannel' ? state.flannelBackend : 'none',
    // K3s does enforce NetworkPolicies, by an embedded kube-router. That controller cannot be had as a Go module, so
    // with the stand-in the lab says so openly instead of pretending. Another CNI brings an engine of its own.
    ...(genuine && state.cni === 'flannel' ? {} : { 'disable-network-policy': true }),
    ...(genuine ? genuineServerSettings : {}),
  };
  return { path: '/etc/rancher/k3s/config.yaml', content: stringify(values), mode: 0o600 };
}

function manifest(name: string, objects: KubeObject[]): NodeFile {
  return { path: `${K3S}/server/manifests/${name}.yaml`, content: objects.map((object) => stringify(object)).join('---\n'), mode: 0o600 };
}

/** CoreDNS as K3s deploys it: a file in the server's manifests directory. A real K3s removes the file `coredns.yaml` because its own CoreDNS is switched off, so there it has another name. */
export function k3sDns(state: LabState): NodeFile {
  return manifest(state.k3s === undefined ? 'coredns' : 'lab-coredns', coreDns({ domain: state.clusterDomain, address: state.clusterDns, replicas: 1, lameduck: false, nodes: state.nodes }));
}

/** The administrator's kubeconfig for use on this machine, from the one that K3s wrote on its server: the same authority and credentials, another address. */
export function k3sKubeconfig(text: string, server: string): string {
  const written = parse(text) as { clusters: { cluster: object }[] };
  return JSON.stringify({ ...written, clusters: written.clusters.map((entry) => ({ ...entry, cluster: { ...entry.cluster, server } })) }, null, 2);
}

/** The disk of one node of this profile; `programs` are the paths of programs on this machine. It is the same for the stand-in and for a real K3s, but for what `k3s-genuine.ts` adds. */
export async function k3sDisk(state: LabState, node: LabNode, pki: ClusterPki, programs: Record<string, string>): Promise<NodeDisk> {
  const at = layouts.k3s;
  const common = await commonDisk(state, node, pki);
  const name = node.role === 'server' ? 'k3s' : 'k3s-agent';
  const table = componentTable(at, `${K3S}/agent/etc/containerd/config.toml`, apiServerUrl(state));
  const plugins = { bridge: 'bridge', 'host-local': 'host-local', loopback: 'loopback', portmap: 'portmap', bandwidth: 'bandwidth', flannel: 'flannel-cni' };
  const ownTree = (path: string): boolean => path.startsWith(`${K3S}/`) || path === K3S_KUBECONFIG;
  return {
    ...common,
    files: [
      ...common.files.map((file) => (ownTree(file.path) ? { ...file, path: `${SEED}${file.path}` } : file)),
      unit(node.role),
      config(state, node),
      { path: `${K3S}/agent/etc/kubelet.conf.d/50-fairlead-lab.conf`, content: labKubeletConfig },
      { path: `${LAB_DIR}/k3s-components.json`, content: JSON.stringify({ components: table, tools: { kubectl: `${at.bin}/kubectl`, ctr: `${at.bin}/ctr`, etcdctl: `${at.bin}/etcdctl` } }, null, 2) },
      { path: `${LAB_DIR}/containerd-base.toml`, content: containerdConfig(at) },
      ...(node.role === 'server' ? [{ ...manifest('rolebindings', flannelAccess()), path: `${SEED}${K3S}/server/manifests/rolebindings.yaml` }] : []),
      ...(state.k3s === undefined ? [] : genuineFiles()),
    ],
    copies: Object.fromEntries(Object.entries(plugins).map(([plugin, program]) => [`${SEED}${K3S}/data/cni/${plugin}`, programs[program] ?? program])),
    links: {
      ...common.links,
      '/usr/local/bin/k3s': `${LAB_DIR}/bin/k3s`,
      ...(state.k3s === undefined ? {} : { '/usr/local/bin/kubectl': 'k3s', '/usr/local/bin/ctr': 'k3s', '/usr/local/bin/crictl': 'k3s' }),
      [`/etc/systemd/system/multi-user.target.wants/${name}.service`]: `/etc/systemd/system/${name}.service`,
    },
    ...(state.k3s === undefined ? {} : { readOnly: { [`${K3S}/agent/images`]: labPaths(state.name).images } }),
  };
}
