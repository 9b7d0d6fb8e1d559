/** Finds Flannel in a cluster: whether it is there, how it was installed, and what it says of itself on the Node objects. */
import type { Cluster } from '../../cluster/client.ts';
import type { KubeObject, NodeObject } from '../../cluster/objects.ts';
import { annotationPrefix } from './names.ts';

export interface FlannelAnnotations {
  node: string;
  podCidr?: string;
  /** `vxlan`, `host-gw`, `wireguard`, … */
  backend: string;
  /** The node's address in the underlay. */
  publicIp?: string;
  publicIpv6?: string;
  vni?: number;
  /** MAC address that peers send the node's tunnel packets to. */
  vtepMac?: string;
}

export interface FlannelInstallation {
  /** `daemonset`: upstream's manifest or chart; `in-process`: inside the node service, as in K3s. */
  kind: 'daemonset' | 'in-process';
  daemonSet?: { namespace: string; name: string };
  /** The parsed `net-conf.json` of the DaemonSet's ConfigMap. */
  netConf?: NetConf;
  nodes: FlannelAnnotations[];
  /** Nodes without its annotations: not yet registered with Flannel, or not run by it. */
  nodesWithout: string[];
}

export interface NetConf {
  Network?: string;
  EnableIPv6?: boolean;
  IPv6Network?: string;
  EnableNFTables?: boolean;
  Backend?: { Type?: string; VNI?: number; Port?: number; MTU?: number; DirectRouting?: boolean; GBP?: boolean; Learning?: boolean };
}

/** Reads Flannel's annotations of a Node; undefined when it has none. */
function flannelAnnotations(node: NodeObject): FlannelAnnotations | undefined {
  const get = (name: string) => node.metadata.annotations?.[annotationPrefix + name];
  const backend = get('backend-type');
  if (backend === undefined) return undefined;
  const data = parseBackendData(get('backend-data'));
  const publicIp = get('public-ip');
  const publicIpv6 = get('public-ipv6');
  return {
    node: node.metadata.name,
    ...(node.spec.podCIDR === undefined ? {} : { podCidr: node.spec.podCIDR }),
    backend,
    ...(publicIp === undefined ? {} : { publicIp }),
    ...(publicIpv6 === undefined ? {} : { publicIpv6 }),
    ...(data.VNI === undefined ? {} : { vni: data.VNI }),
    ...(data.VtepMAC === undefined ? {} : { vtepMac: data.VtepMAC }),
  };
}

/** Keys of Flannel's annotations on a Node. */
export function flannelAnnotationKeys(node: NodeObject): string[] {
  return Object.keys(node.metadata.annotations ?? {}).filter((key) => key.startsWith(annotationPrefix));
}

/** Looks for Flannel; undefined when neither a DaemonSet of it nor one of its annotations is there. */
export async function detectFlannel(cluster: Cluster): Promise<FlannelInstallation | undefined> {
  const daemonSet = (await cluster.list({ apiVersion: 'apps/v1', kind: 'DaemonSet' })).find(runsFlannel);
  const nodes = await cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' });
  const annotated = nodes.flatMap((node) => flannelAnnotations(node) ?? []);
  if (daemonSet === undefined && annotated.length === 0) return undefined;
  const known = new Set(annotated.map((entry) => entry.node));
  const nodesWithout = nodes.map((node) => node.metadata.name).filter((name) => !known.has(name));
  if (daemonSet === undefined) return { kind: 'in-process', nodes: annotated, nodesWithout };
  const { namespace = '', name } = daemonSet.metadata;
  const netConf = await readNetConf(cluster, namespace);
  return { kind: 'daemonset', daemonSet: { namespace, name }, ...(netConf === undefined ? {} : { netConf }), nodes: annotated, nodesWithout };
}

/** The objects of upstream's installation, for backup and removal; the DaemonSet first. Objects that are not there are left out. */
export async function flannelObjects(cluster: Cluster, daemonSet: { namespace: string; name: string }): Promise<KubeObject[]> {
  const { namespace, name } = daemonSet;
  const candidates = [
    { apiVersion: 'apps/v1', kind: 'DaemonSet', namespace, name },
    { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'kube-flannel-cfg' },
    { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name: 'flannel' },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', name: 'flannel' },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'flannel' },
    // Only its own namespace goes with it.
    ...(namespace === 'kube-flannel' ? [{ apiVersion: 'v1', kind: 'Namespace', name: namespace }] : []),
  ];
  const objects: KubeObject[] = [];
  for (const ref of candidates) {
    const object = await cluster.get(ref);
    if (object !== undefined) objects.push(object);
  }
  return objects;
}

/** Takes Flannel's annotations off a Node; nothing happens when there are none. */
export async function removeFlannelAnnotations(cluster: Cluster, nodeName: string): Promise<string[]> {
  const ref = { apiVersion: 'v1', kind: 'Node', name: nodeName };
  const node = await cluster.get<NodeObject>(ref);
  const keys = node === undefined ? [] : flannelAnnotationKeys(node);
  if (keys.length > 0) await cluster.patch(ref, { metadata: { annotations: Object.fromEntries(keys.map((key) => [key, null])) } });
  return keys;
}

async function readNetConf(cluster: Cluster, namespace: string): Promise<NetConf | undefined> {
  const config = await cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'kube-flannel-cfg' });
  const text = (config?.['data'] as Record<string, string> | undefined)?.['net-conf.json'];
  return text === undefined ? undefined : parseNetConf(text);
}

/** Parses a `net-conf.json`; undefined when it is no JSON object. */
function parseNetConf(text: string): NetConf | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value) : undefined;
  } catch {
    return undefined;
  }
}

function parseBackendData(text: string | undefined): { VNI?: number; VtepMAC?: string } {
  try {
    return (JSON.parse(text ?? '{}') as { VNI?: number; VtepMAC?: string } | null) ?? {};
  } catch {
    return {};
  }
}

/** By image, because names and namespaces differ between manifests; Canal's DaemonSet runs it beside Calico and is not meant. */
function runsFlannel(daemonSet: KubeObject): boolean {
  const template = (daemonSet['spec'] as { template?: { spec?: { containers?: { image?: string; command?: string[] }[] } } } | undefined)?.template?.spec;
  const containers = template?.containers ?? [];
  const isFlannel = containers.some(({ image = '', command = [] }) => /(^|\/)flannel(:|@|$)/.test(image) || command.some((word) => word.endsWith('/flanneld')));
  return isFlannel && containers.length === 1;
}
