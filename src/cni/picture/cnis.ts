/** Which CNIs a snapshot shows, how each is installed, and which only left traces. */
import type { KubeObject, NodeObject } from '../../cluster/objects.ts';
import { parseDocument } from '../../cluster/snapshot/parse.ts';
import type { SnapshotIndex } from '../../cluster/snapshot/index-of.ts';
import type { ConfigMap, IpPool, Workload } from '../../cluster/snapshot/typed.ts';
import { annotationPrefix } from '../flannel/names.ts';
import { setting, type K3sNode } from './k3s-args.ts';

export type CniName = 'flannel' | 'calico' | 'cilium' | 'canal' | 'kube-router' | 'weave' | 'antrea' | 'kindnet' | 'multus';

export interface CniPresence {
  name: CniName;
  /** `in-process`: inside the node service; `annotated`: nodes carry its annotations, and what would run it is not in the snapshot; `trace`: nothing runs it, but something of it is there. */
  how: 'daemonset' | 'operator' | 'in-process' | 'annotated' | 'trace';
  backend?: string;
  version?: string;
  daemonSet?: Workload;
  /** What was seen. */
  evidence: string;
  /** Object that shows it. */
  object?: KubeObject;
}

/** Images by which a DaemonSet's CNI is known: names and namespaces differ between charts. */
const IMAGES: readonly [CniName, RegExp][] = [
  ['calico', /(^|\/)(calico\/node|calico-node)(:|@|$)/],
  ['cilium', /(^|\/)cilium(\/cilium)?(-ci)?(:|@|$)/],
  ['flannel', /(^|\/)flannel(:|@|$)|(^|\/)hardened-flannel(:|@|$)/],
  ['kube-router', /(^|\/)kube-router(:|@|$)/],
  ['weave', /(^|\/)weave-kube(:|@|$)/],
  ['antrea', /(^|\/)antrea-agent[-a-z]*(:|@|$)/],
  ['kindnet', /(^|\/)kindnetd(:|@|$)/],
  ['multus', /(^|\/)multus-cni[-a-z]*(:|@|$)/],
];

export interface FlannelNode { node: string; backend: string; publicIp?: string; vni?: number; vtepMac?: string }

/** Flannel's annotations of a Node. */
export function flannelNode(node: NodeObject): FlannelNode | undefined {
  const get = (name: string): string | undefined => node.metadata.annotations?.[annotationPrefix + name];
  const backend = get('backend-type');
  if (backend === undefined) return undefined;
  const data = parseDocument(get('backend-data') ?? '') as { VNI?: number; VtepMAC?: string } | null | undefined;
  const publicIp = get('public-ip');
  return { node: node.metadata.name, backend, ...(publicIp === undefined ? {} : { publicIp }), ...(typeof data?.VNI === 'number' ? { vni: data.VNI } : {}), ...(typeof data?.VtepMAC === 'string' ? { vtepMac: data.VtepMAC } : {}) };
}

/** CNIs of a snapshot; those that run before mere traces. */
export function findCnis(index: SnapshotIndex, k3s: readonly K3sNode[]): CniPresence[] {
  const found: CniPresence[] = [];
  for (const daemonSet of index.objects<Workload>('DaemonSet')) {
    const images = (daemonSet.spec?.template?.spec?.containers ?? []).map(({ image = '' }) => image);
    const names = IMAGES.filter(([, pattern]) => images.some((image) => pattern.test(image))).map(([name]) => name);
    const name: CniName | undefined = names.includes('calico') && names.includes('flannel') ? 'canal' : names[0];
    if (name === undefined || found.some((one) => one.name === name)) continue;
    const image = images.find((one) => IMAGES.some(([, pattern]) => pattern.test(one))) ?? '';
    const version = /:v?(\d+\.\d+[\w.-]*)/.exec(image)?.[1];
    const operator = name === 'calico' && index.objects('Installation', 'operator.tigera.io').length > 0;
    const backend = backendOf(name, index);
    found.push({
      name, how: operator ? 'operator' : 'daemonset', daemonSet, object: daemonSet, ...(backend === undefined ? {} : { backend }), ...(version === undefined ? {} : { version }),
      evidence: `DaemonSet ${daemonSet.metadata.namespace ?? ''}/${daemonSet.metadata.name} runs ${image}`,
    });
  }
  const flannel = inProcessFlannel(index, k3s);
  if (flannel !== undefined && !found.some((one) => one.name === 'flannel' || one.name === 'canal')) found.push(flannel);
  const annotated = index.objects<NodeObject>('Node').find((node) => flannelNode(node) !== undefined);
  const hidden = whatMayRun(index, k3s);
  if (annotated !== undefined && found.length === 0 && hidden !== undefined) {
    const backend = flannelNode(annotated)?.backend;
    found.push({ name: 'flannel', how: 'annotated', object: annotated, ...(backend === undefined ? {} : { backend }), evidence: `Node ${annotated.metadata.name} has annotations ${annotationPrefix}…, and ${hidden}` });
  }
  return [...found, ...traces(index, found)];
}

/** Why a CNI may run that is not seen; undefined when all that run are known. */
export function whatMayRun(index: SnapshotIndex, k3s: readonly K3sNode[]): string | undefined {
  const isK3s = k3s.length > 0 || index.objects<NodeObject>('Node').some(({ status }) => status?.nodeInfo?.kubeletVersion?.includes('+k3s'));
  if (!isK3s) return index.complete('DaemonSet') ? undefined : 'DaemonSets are not in the snapshot';
  // Agents are not told; a server that says nothing has Flannel inside.
  return k3s.some(({ role }) => role === 'server') ? undefined : 'no server of K3s is in the snapshot with its settings';
}

function backendOf(name: CniName, index: SnapshotIndex): string | undefined {
  if (name === 'flannel' || name === 'canal') return index.objects<NodeObject>('Node').flatMap((node) => flannelNode(node) ?? [])[0]?.backend ?? netConf(index)?.Backend?.Type;
  if (name === 'calico') {
    const pools = index.objects<IpPool>('IPPool').filter((pool) => pool.spec?.disabled !== true);
    const modes = new Set(pools.map(({ spec }) => ((spec?.vxlanMode ?? 'Never') !== 'Never' ? `VXLAN ${spec?.vxlanMode}` : (spec?.ipipMode ?? 'Never') !== 'Never' ? `IPIP ${spec?.ipipMode}` : 'no encapsulation')));
    return modes.size === 0 ? undefined : [...modes].join(', ');
  }
  if (name !== 'cilium') return undefined;
  const config = ciliumConfig(index);
  if (config === undefined) return undefined;
  if (config['routing-mode'] === 'native' || config['tunnel'] === 'disabled') return 'native routing';
  return config['tunnel-protocol'] ?? config['tunnel'] ?? 'vxlan';
}

/** K3s runs Flannel inside its own process unless its servers are told not to. */
function inProcessFlannel(index: SnapshotIndex, k3s: readonly K3sNode[]): CniPresence | undefined {
  const annotated = index.objects<NodeObject>('Node').flatMap((node) => flannelNode(node) ?? []);
  const [server] = k3s.filter((node) => node.role === 'server');
  if (server === undefined) return undefined;
  const backend = setting(server, 'flannel-backend');
  if (backend === undefined || backend.value === 'none') return undefined;
  return { name: 'flannel', how: 'in-process', backend: annotated[0]?.backend ?? backend.value, evidence: `flannel-backend is ${backend.value} (${backend.source})` };
}

/** CNIs that nothing runs, but that annotations, CRDs' objects or hosts' devices show. */
function traces(index: SnapshotIndex, running: readonly CniPresence[]): CniPresence[] {
  const runs = (name: CniName): boolean => running.some((one) => one.name === name || one.name === 'canal');
  const found: CniPresence[] = [];
  const annotated = index.objects<NodeObject>('Node').find((node) => flannelNode(node) !== undefined);
  if (!runs('flannel') && annotated !== undefined) found.push({ name: 'flannel', how: 'trace', object: annotated, evidence: `Node ${annotated.metadata.name} has annotations ${annotationPrefix}…` });
  for (const [name, devices] of DEVICES) {
    if (runs(name) || found.some((one) => one.name === name)) continue;
    const host = index.snapshot.hosts.find(({ links }) => links?.some((link) => devices.test(link.name)));
    const device = host?.links?.find((link) => devices.test(link.name))?.name;
    if (host !== undefined) found.push({ name, how: 'trace', evidence: `host ${host.node} has the device ${device ?? ''}` });
  }
  return found;
}

/** Devices that belong to one CNI alone. */
export const DEVICES: readonly [CniName, RegExp][] = [
  ['flannel', /^(flannel[.-]|flannel0$)/],
  ['calico', /^(vxlan\.calico|vxlan-v6\.calico|wireguard\.cali|bpf(in|out)\.cali)$/],
  ['cilium', /^cilium_(host|net|vxlan|geneve|wg0)$/],
];

interface NetConf { Network?: string; EnableNFTables?: boolean; Backend?: { Type?: string; VNI?: number; Port?: number; MTU?: number } }

/** net-conf.json of Flannel's DaemonSet. */
export function netConf(index: SnapshotIndex): NetConf | undefined {
  const text = index.objects<ConfigMap>('ConfigMap').find(({ metadata }) => metadata.name === 'kube-flannel-cfg' || metadata.name === 'canal-config')?.data?.['net-conf.json'];
  return text === undefined ? undefined : (parseDocument(text) as NetConf | undefined);
}

/** The settings of Cilium. */
export function ciliumConfig(index: SnapshotIndex): Record<string, string> | undefined {
  return index.objects<ConfigMap>('ConfigMap').find(({ metadata }) => metadata.name === 'cilium-config')?.data;
}
