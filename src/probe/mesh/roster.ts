/** Who takes part: agents' pods as the API server lists them, and the peers that agents are told about. */
import type { KubeObject } from '../../cluster/objects.ts';
import { agentName } from '../agent/config.ts';
import type { Peer } from '../agent/config.ts';
import { KIND_LABEL } from './manifests.ts';

/** One agent's pod. */
export interface AgentPod {
  uid: string;
  podName: string;
  kind: 'pod' | 'host';
  node: string;
  address: string | undefined;
  ready: boolean;
  /** Being deleted, or finished. */
  leaving: boolean;
  restarts: number;
  /** Epoch milliseconds, to a second. */
  createdAt: number;
  /** When the kubelet will have killed it at the latest; undefined while nobody deletes it. */
  killedBy: number | undefined;
}

interface PodObject extends KubeObject {
  spec?: { nodeName?: string };
  status?: { phase?: string; podIP?: string; conditions?: { type: string; status: string }[]; containerStatuses?: { restartCount: number }[] };
}

/** Reads one pod; undefined when it is not on a node yet or is none of ours. */
export function readAgentPod(object: KubeObject): AgentPod | undefined {
  const { metadata, spec, status } = object as PodObject;
  const kind = metadata.labels?.[KIND_LABEL];
  if ((kind !== 'pod' && kind !== 'host') || !spec?.nodeName || !metadata.uid) return undefined;
  return {
    uid: metadata.uid,
    podName: metadata.name,
    kind,
    node: spec.nodeName,
    address: status?.podIP,
    ready: status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
    leaving: metadata.deletionTimestamp !== undefined || status?.phase === 'Failed' || status?.phase === 'Succeeded',
    restarts: status?.containerStatuses?.[0]?.restartCount ?? 0,
    createdAt: Date.parse(metadata.creationTimestamp ?? ''),
    // The API's deletionTimestamp is the time of the request and the grace period together.
    killedBy: metadata.deletionTimestamp === undefined ? undefined : Date.parse(metadata.deletionTimestamp),
  };
}

/**
 * The pod-network peers after another look: a pod joins when it is ready and leaves when it is
 * deleted. One that stays but is not ready any more remains a peer: that it does not answer is
 * what the mesh is there to see.
 */
export function nextPeers(before: readonly Peer[], pods: readonly AgentPod[]): Peer[] {
  const known = new Set(before.map((peer) => peer.id));
  const peers: Peer[] = [];
  for (const pod of pods) {
    if (pod.kind !== 'pod' || pod.leaving || pod.address === undefined) continue;
    const id = `${pod.uid}:${pod.restarts}:${pod.address}`;
    if (pod.ready || known.has(id)) peers.push({ name: agentName('pod', pod.node), kind: 'pod', node: pod.node, address: pod.address, id });
  }
  return peers.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
