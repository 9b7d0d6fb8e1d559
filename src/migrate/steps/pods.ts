/** Which pods a node has and what stands behind them: pure questions about pod objects. */
import type { OwnerReference, PodObject } from '../../cluster/objects.ts';

interface PodSpecOfInterest {
  hostNetwork?: boolean;
  nodeName?: string;
}

export function usesPodNetwork(pod: PodObject): boolean {
  return (pod.spec as PodSpecOfInterest).hostNetwork !== true;
}

export function controllerOf(pod: PodObject): OwnerReference | undefined {
  return pod.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** Static pods are mirrored into the API server; only their file on the node can remove them. */
export function isMirror(pod: PodObject): boolean {
  return pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;
}

export function isFinished(pod: PodObject): boolean {
  const phase = (pod.status)?.phase;
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Pods that a drain moves: all but those of DaemonSets, which would come straight back, and static pods. */
export function drainable(pods: readonly PodObject[]): PodObject[] {
  return pods.filter((pod) => controllerOf(pod)?.kind !== 'DaemonSet' && !isMirror(pod) && !isFinished(pod));
}

/** What runs a pod, under a name that a replacement pod has too: `Deployment shop/web`; the pod itself when nothing does. */
export function workloadOf(pod: PodObject): string {
  const owner = controllerOf(pod);
  if (owner === undefined) return `Pod ${describePod(pod)}`;
  const suffix = `-${pod.metadata.labels?.['pod-template-hash'] ?? ''}`;
  const deployed = owner.kind === 'ReplicaSet' && suffix !== '-' && owner.name.endsWith(suffix);
  return `${deployed ? 'Deployment' : owner.kind} ${pod.metadata.namespace ?? 'default'}/${deployed ? owner.name.slice(0, -suffix.length) : owner.name}`;
}

/** Live pods with an address of the pod network: what must be gone before a node's network changes hands. */
export function onPodNetwork(pods: readonly PodObject[]): PodObject[] {
  return pods.filter((pod) => usesPodNetwork(pod) && !isMirror(pod) && !isFinished(pod));
}

export function describePod(pod: PodObject): string {
  return `${pod.metadata.namespace ?? 'default'}/${pod.metadata.name}`;
}
