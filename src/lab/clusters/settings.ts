/** Everything a cluster is made from, decided before its first file is written. */
import type { LabState } from '../state.ts';
import type { NodeDisk, NodeFile } from '../nodes/node.ts';
import type { Settings } from './components.ts';
import { kubeconfig, makeNodePki, type ClusterPki } from './pki.ts';
import { layouts, LAB_DIR, type Layout } from './layout.ts';
import { kubeletConfig } from './runtime-config.ts';
import type { LabNode } from '../state.ts';

export function nodeSettings(state: LabState, node: LabNode): Settings {
  return { 'cluster-cidr': state.clusterCidr, 'service-cidr': state.serviceCidr, 'cluster-dns': state.clusterDns, 'cluster-domain': state.clusterDomain, 'node-ip': node.address, 'node-name': node.name };
}

function pair(path: string, keys: { cert: string; key: string }): NodeFile[] {
  return [{ path: `${path}.crt`, content: keys.cert }, { path: `${path}.key`, content: keys.key, mode: 0o600 }];
}

export function apiServerUrl(state: LabState): string {
  const server = state.nodes[0];
  if (server === undefined) throw new TypeError('a lab has at least one node');
  return `https://${server.address}:6443`;
}

function serverFiles(at: Layout, pki: ClusterPki): NodeFile[] {
  const local = 'https://127.0.0.1:6443';
  const conf = (path: string, user: string, keys: { cert: string; key: string }): NodeFile => ({ path, content: kubeconfig(local, pki.serverCa.cert, user, keys), mode: 0o600 });
  return [
    ...pair(at.serverCa, pki.serverCa),
    ...(at.clientCa === at.serverCa ? [] : pair(at.clientCa, pki.clientCa)),
    ...pair(at.requestHeaderCa, pki.requestHeaderCa),
    ...pair(at.etcdCa, pki.etcdCa),
    ...pair(at.apiServer, pki.apiServer),
    ...pair(at.apiServerToKubelet, pki.apiServerToKubelet),
    ...pair(at.frontProxy, pki.frontProxy),
    ...pair(at.etcdServer, pki.etcdServer),
    ...pair(at.etcdClient, pki.etcdClient),
    { path: `${at.serviceAccount}.key`, content: pki.serviceAccount.key, mode: 0o600 },
    { path: `${at.serviceAccount}.pub`, content: pki.serviceAccount.public },
    conf(at.adminConf, 'default', pki.admin),
    conf(at.controllerConf, 'controller-manager', pki.controllerManager),
    conf(at.schedulerConf, 'scheduler', pki.scheduler),
  ];
}

async function agentFiles(state: LabState, node: LabNode, at: Layout, pki: ClusterPki): Promise<NodeFile[]> {
  const own = await makeNodePki(pki, node.name, node.address);
  const server = apiServerUrl(state);
  const conf = (path: string, user: string, keys: { cert: string; key: string }): NodeFile => ({ path, content: kubeconfig(server, pki.serverCa.cert, user, keys), mode: 0o600 });
  return [
    { path: `${at.nodeServerCa}.crt`, content: pki.serverCa.cert },
    { path: `${at.nodeClientCa}.crt`, content: pki.clientCa.cert },
    ...pair(at.kubeletServing, own.serving),
    ...pair(at.kubeletClient, own.client),
    conf(at.kubeletConf, 'kubelet', own.client),
    conf(at.proxyConf, 'kube-proxy', pki.kubeProxy),
    ...(state.profile === 'k3s' ? [conf(at.flannelConf, 'flannel', pki.flannel)] : []),
    { path: at.kubeletSettings, content: kubeletConfig(at, state.clusterDns, state.clusterDomain) },
  ];
}

/** Files that every node of every profile has. */
export async function commonDisk(state: LabState, node: LabNode, pki: ClusterPki): Promise<NodeDisk> {
  const at = layouts[state.profile];
  const hosts = state.nodes.map((other) => `${other.address} ${other.name}`);
  return {
    containerdRoot: at.containerdRoot,
    files: [
      { path: '/etc/hostname', content: `${node.name}\n` },
      { path: '/etc/hosts', content: `127.0.0.1 localhost\n::1 localhost\n${hosts.join('\n')}\n` },
      // Nothing answers there: the lab has no Internet. A pod's resolver must still have an upstream to name.
      { path: '/etc/resolv.conf', content: 'nameserver 203.0.113.53\n' },
      { path: '/etc/machine-id', content: `${Buffer.from(node.name).toString('hex').padEnd(32, '0').slice(0, 32)}\n` },
      ...(node.role === 'server' ? serverFiles(at, pki) : []),
      ...(await agentFiles(state, node, at, pki)),
    ],
    copies: {},
    links: {
      '/usr/bin/systemctl': `${LAB_DIR}/bin/labnode`,
      '/usr/bin/journalctl': `${LAB_DIR}/bin/labnode`,
      '/usr/local/bin/kubectl': `${LAB_DIR}/bin/kubectl`,
    },
  };
}
