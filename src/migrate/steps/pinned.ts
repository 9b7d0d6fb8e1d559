/** Which pods cannot run on another node than theirs, because a volume or their own node selector ties them to it: pure. */
import type { KubeObject, NodeObject, PodObject } from '../../cluster/objects.ts';
import { allowsNode, type NodeSelector } from '../../cluster/selector.ts';
import { workloadOf } from './pods.ts';

/** What decides where pods may run. Room, taints and anti-affinity are not looked at. */
export interface Placement {
  pods: readonly PodObject[];
  nodes: readonly NodeObject[];
  /** PersistentVolumeClaims. */
  claims: readonly KubeObject[];
  /** PersistentVolumes. */
  volumes: readonly KubeObject[];
}

export interface Pin {
  pod: PodObject;
  /** Where the pod is, or while it is nowhere the only node that would do. */
  node: string;
  /** What ties it to that node: names that stay the same when the pod is replaced, as `claim shop/data-db-0`. */
  by: string[];
}

/** A reason why a pod may not run everywhere. */
interface Tie {
  name: string;
  kind: 'claim' | 'selector';
  allows: (node: NodeObject) => boolean;
}

/** All pods that are tied to one node, running or waiting for it. */
export function pinnedPods({ pods, nodes, claims, volumes }: Placement): Pin[] {
  const volumeOfClaim = new Map(claims.map((claim) => [nameOf(claim), (claim['spec'] as { volumeName?: string }).volumeName]));
  const selectorOfVolume = new Map(volumes.map((volume) => [volume.metadata.name, (volume['spec'] as { nodeAffinity?: { required?: NodeSelector } }).nodeAffinity?.required]));
  const claimTies = (pod: PodObject): Tie[] => claimsOf(pod).flatMap((claim) => {
    const selector = selectorOfVolume.get(volumeOfClaim.get(claim) ?? '');
    return selector === undefined ? [] : [{ name: `claim ${claim}`, kind: 'claim' as const, allows: (node: NodeObject) => allowsNode(selector, node) }];
  });
  return pods.flatMap((pod) => {
    // Ties that leave every node open bind nothing: `kubernetes.io/os: linux` is everywhere.
    const ties = [...claimTies(pod), ...ownTies(pod)].filter(({ allows }) => !nodes.every(allows));
    const byClaims = ties.filter(({ kind }) => kind === 'claim');
    const strongest = onlyNode(pod, nodes, byClaims) === undefined ? ties : byClaims;
    const node = onlyNode(pod, nodes, strongest);
    return node === undefined ? [] : [{ pod, node, by: strongest.map(({ name }) => name).toSorted() }];
  });
}

/** The node that a pod cannot leave, or that alone is left to it; undefined when there is another one for it. */
function onlyNode(pod: PodObject, nodes: readonly NodeObject[], ties: readonly Tie[]): string | undefined {
  if (ties.length === 0) return undefined;
  const open = nodes.filter((node) => ties.every(({ allows }) => allows(node))).map((node) => node.metadata.name);
  const { nodeName } = pod.spec;
  if (nodeName === undefined) return open.length === 1 ? open[0] : undefined;
  return open.some((name) => name !== nodeName) ? undefined : nodeName;
}

/** Claims that outlive the pod. Those of ephemeral volumes go with it and are made anew wherever it starts. */
function claimsOf(pod: PodObject): string[] {
  const volumes = (pod.spec['volumes'] ?? []) as { persistentVolumeClaim?: { claimName: string } }[];
  return volumes.flatMap(({ persistentVolumeClaim }) => (persistentVolumeClaim === undefined ? [] : [`${pod.metadata.namespace ?? 'default'}/${persistentVolumeClaim.claimName}`]));
}

function ownTies(pod: PodObject): Tie[] {
  const labels = Object.entries((pod.spec['nodeSelector'] ?? {}) as Record<string, string>);
  const required = (pod.spec['affinity'] as { nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector } } | undefined)?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (labels.length === 0 && required === undefined) return [];
  const allows = (node: NodeObject): boolean => labels.every(([key, value]) => node.metadata.labels?.[key] === value) && (required === undefined || allowsNode(required, node));
  return [{ name: `the node selector of ${workloadOf(pod)}`, kind: 'selector', allows }];
}

function nameOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? 'default'}/${object.metadata.name}`;
}
