/** When an agent that nobody was watching can have lived at most. */
import { UnreachableError } from '../../cluster/api-error.ts';
import type { KubeObject } from '../../cluster/objects.ts';
import type { AgentPlace } from './agent-handle.ts';
import type { KubePort } from './ports.ts';
import type { AgentPod } from './roster.ts';

/** The API's times are cut to the second. */
const SECOND_MS = 1_000;

interface EventObject extends KubeObject {
  lastTimestamp?: string | null;
  eventTime?: string | null;
}

/**
 * Epoch milliseconds by which it has ended: the earliest of now, the kubelet's own word that it stopped the container
 * (kept for an hour by default), the end of its pod's grace period, and the making of the pod that took its place: a
 * DaemonSet makes none while there is another. `pods`: the agents' pods as listed now. Errors: UnreachableError.
 */
export async function livedUntil(kube: KubePort, namespace: string, place: Pick<AgentPlace, 'key' | 'kind' | 'name'>, pods: readonly AgentPod[]): Promise<number> {
  const now = Date.now();
  const events = await kube.list<EventObject>({ apiVersion: 'v1', kind: 'Event', namespace, fieldSelector: `involvedObject.uid=${place.key},reason=Killing` }).catch((error: unknown): EventObject[] => {
    // Who may not read events goes by the rest.
    if (error instanceof UnreachableError) throw error;
    return [];
  });
  const stopped = events.map((event) => Date.parse(event.eventTime ?? event.lastTimestamp ?? '')).filter((t) => !Number.isNaN(t));
  const own = pods.find((pod) => pod.uid === place.key);
  const after = pods.filter((pod) => pod.uid !== place.key && pod.kind === place.kind && `${pod.kind}/${pod.node}` === place.name && !Number.isNaN(pod.createdAt)).map((pod) => pod.createdAt);
  const ends = [...(stopped.length > 0 ? [Math.max(...stopped)] : []), ...(own?.killedBy === undefined ? [] : [own.killedBy]), ...after];
  return Math.min(now, ...ends.map((end) => end + SECOND_MS));
}
