/** Everything of a cluster that a migration step may change, on its nodes and in its API, as lines that can be compared. */
import type { KubeObject, NodeObject, PodObject } from '../../../src/cluster/objects.ts';
import type { Cluster } from '../../../src/cluster/client.ts';
import { parseAddresses } from '../../../src/node/facts/addresses.ts';
import { parseIpsets } from '../../../src/node/facts/ipsets.ts';
import { parseIptablesSave } from '../../../src/node/facts/iptables.ts';
import { parseLinks } from '../../../src/node/facts/links.ts';
import { parseFdb, parseNeighbours } from '../../../src/node/facts/neighbours.ts';
import { stateLines } from '../../../src/node/facts/node-state-diff.ts';
import { parseNftTables, type NodeState } from '../../../src/node/facts/node-state.ts';
import { parseRoutes, parseRules } from '../../../src/node/facts/routes.ts';
import { parseSysctls } from '../../../src/node/facts/sysctls.ts';
import type { NodeShell } from '../../../src/node/shell.ts';

/** Directories in which steps write or remove files, of every profile. */
const DIRECTORIES = ['/etc/cni', '/opt/cni', '/etc/rancher', '/var/lib/rancher/k3s/agent/etc/cni', '/var/lib/rancher/k3s/data/cni', '/var/lib/calico', '/var/log/calico', '/run/calico', '/run/flannel', '/run/nodeagent'];
/** Kinds that are compared by their names and what they say. */
const KINDS = [
  ['v1', 'Namespace'], ['v1', 'ServiceAccount'], ['v1', 'ConfigMap'], ['v1', 'Service'],
  ['apps/v1', 'DaemonSet'], ['apps/v1', 'Deployment'], ['networking.k8s.io/v1', 'NetworkPolicy'], ['policy/v1', 'PodDisruptionBudget'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole'], ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'], ['scheduling.k8s.io/v1', 'PriorityClass'],
  ['crd.projectcalico.org/v1', 'FelixConfiguration'], ['crd.projectcalico.org/v1', 'IPPool'],
] as const;

/** Felix' chains for single pods, their policies and profiles: they follow the pods of the moment, as kube-proxy's do. */
const OF_ONE_POD = /^iptables4 \S+ \S+ (:|-A )cali-((fw|tw|pi|po|pri|pro)-|(from|to)-wl-dispatch)/;

/** All that is asked of a node, but for what changes by itself: logs, credentials that calico-node renews, its notes about single pods. In one go: many pictures are taken, and each program that a node starts takes its time. */
const SECTIONS: Record<string, string> = {
  links: 'ip -d -j link show',
  addresses: 'ip -j addr show',
  routes: 'ip -4 -j route show table all',
  rules: 'ip -4 -j rule show',
  neighbours: 'ip -j neigh show',
  fdb: 'bridge -j fdb show',
  nft: 'iptables-nft-save',
  legacy: 'iptables-legacy-save',
  tables: 'nft -j list tables',
  sets: 'command -v ipset >/dev/null && ipset save',
  sysctls: "sysctl -a -r '^net\\.ipv4\\.(ip_forward|conf\\..*\\.(rp_filter|forwarding|proxy_arp|route_localnet))$'",
  files: `find ${DIRECTORIES.join(' ')} -type f ! -name '*.log' ! -name calico-kubeconfig ! -path '*/endpoint-status/*' -exec sha256sum '{}' + 2>/dev/null`,
  directories: 'grep -E "^ *(conf_dir|bin_dir)" /var/lib/rancher/k3s/agent/etc/containerd/config.toml /etc/containerd/config.toml 2>/dev/null',
  services: 'for unit in k3s k3s-agent kubelet; do echo "$unit $(systemctl is-active "$unit")"; done',
  flanneld: 'pgrep -x -c flanneld',
};

async function nodeLines(shell: NodeShell): Promise<string[]> {
  const script = Object.entries(SECTIONS).map(([name, command]) => `echo '=== ${name}'; ${command}`).join('\n');
  const { stdout } = await shell.run(['sh', '-c', `${script}\ntrue`], { timeoutMs: 180_000 });
  const said = Object.fromEntries(stdout.split(/^=== /m).slice(1).map((section) => [section.slice(0, section.indexOf('\n')), section.slice(section.indexOf('\n') + 1)]));
  const of = (name: string): string => said[name] ?? '';
  const state: NodeState = {
    version: 1, node: shell.node, bootId: '', leases: {}, cni: { confDir: '', confs: [], plugins: {} },
    links: parseLinks(of('links')), addresses: parseAddresses(of('addresses')), routes: parseRoutes(of('routes'), 4), rules: parseRules(of('rules'), 4),
    neighbours: parseNeighbours(of('neighbours')), fdb: parseFdb(of('fdb')), nftTables: parseNftTables(of('tables')), ipsets: parseIpsets(of('sets')), sysctls: parseSysctls(of('sysctls')),
    iptables: (['nft', 'legacy'] as const).map((backend) => ({ family: 4, backend, restore: '', tables: parseIptablesSave(of(backend)) })),
  };
  const lines = (name: string): string[] => of(name).split('\n').filter(Boolean).map((line) => `${name}: ${line}`);
  return [...stateLines(state).filter((line) => !OF_ONE_POD.test(line)), ...lines('files'), ...lines('directories'), ...lines('services'), ...lines('flanneld')];
}

function apiNode({ metadata, spec, status }: NodeObject): string[] {
  const marks = (what: string, of: Record<string, string> | undefined): string[] => Object.entries(of ?? {}).map(([key, value]) => `node ${metadata.name}: ${what} ${key}=${value}`);
  const conditions = (status?.conditions ?? []).filter(({ type }) => type === 'Ready' || type === 'NetworkUnavailable').map(({ type, status: is }) => `node ${metadata.name}: ${type}=${is}`);
  const taints = (spec.taints ?? []).map(({ key, value, effect }) => `node ${metadata.name}: taint ${key}=${value ?? ''}:${effect}`);
  return [...marks('label', metadata.labels), ...marks('annotation', metadata.annotations), ...conditions, ...taints, ...(spec.unschedulable === true ? [`node ${metadata.name}: cordoned`] : [])];
}

/** A pod by what it belongs to: names and, but for DaemonSets, places differ each time. */
function podLine(pod: PodObject): string {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
  const ready = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  const of = owner === undefined ? pod.metadata.name : owner.kind === 'ReplicaSet' ? owner.name.replace(/-[^-]+$/, '') : owner.name;
  return `pod ${pod.metadata.namespace}/${of}${owner?.kind === 'DaemonSet' ? ` on ${pod.spec.nodeName}` : ''} ${pod.metadata.deletionTimestamp === undefined ? (ready ? 'ready' : 'not ready') : 'ending'}`;
}

function objectLine(object: KubeObject): string {
  const { apiVersion: _apiVersion, kind, metadata, status: _status, ...content } = object;
  // The definitions are long, and nobody changes them.
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name} ${kind === 'CustomResourceDefinition' ? '' : JSON.stringify(content)}`;
}

/** Looks at all nodes and the API server. */
export async function clusterPicture(cluster: Cluster, shell: (node: string) => NodeShell): Promise<string[]> {
  const nodes = await cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' });
  const onNodes = await Promise.all(nodes.map(async ({ metadata: { name } }) => (await nodeLines(shell(name))).map((line) => `${name}: ${line}`)));
  const objects = await Promise.all(KINDS.map(async ([apiVersion, kind]) => cluster.list({ apiVersion, kind })));
  const pods = await cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod' });
  return [...onNodes.flat(), ...nodes.flatMap(apiNode), ...objects.flat().map(objectLine), ...pods.map(podLine)].toSorted();
}

/** What differs between two pictures: `- ` was there before, `+ ` has come. */
export function pictureChanges(before: readonly string[], after: readonly string[]): string[] {
  const count = (lines: readonly string[], line: string): number => lines.filter((one) => one === line).length;
  return [...new Set([...before, ...after])].toSorted().flatMap((line) => {
    const more = count(after, line) - count(before, line);
    return more === 0 ? [] : [`${more > 0 ? '+' : '-'} ${line}`];
  });
}
