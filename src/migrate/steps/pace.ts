/** How fast a drain goes on: one workload after another, so that a node which takes the pods in is not asked for all of them at once. */
import type { KubeObject, PodObject } from '../../cluster/objects.ts';
import { isReady } from '../../cluster/objects.ts';
import { waitUntil } from '../../cluster/wait.ts';
import { EnvironmentError } from '../../core/errors.ts';
import type { StepContext } from './context.ts';
import { controllerOf } from './pods.ts';

/** Longest time that the next workload waits for the one before, milliseconds: a hundred workloads that all start slowly cost eight minutes. */
const PACE_MS = 5_000;

/**
 * Resolves once the first of `pods`, of one controller, has been told to end and its replacement is Ready, or after
 * `PACE_MS`. Every pod that starts costs its node's CNI, its agent for policies and all service proxies a turn; many at
 * once make these late, and with them requests to pods that are Ready already.
 */
export async function untilReplaced(ctx: StepContext, pods: readonly PodObject[]): Promise<void> {
  const [first] = pods;
  const owner = first === undefined ? undefined : controllerOf(first);
  if (first === undefined || owner === undefined) return;
  const { namespace = 'default', uid } = first.metadata;
  const look = async (): Promise<true | undefined> => {
    const [controller, seen] = await Promise.all([
      ctx.cluster.get({ apiVersion: owner.apiVersion, kind: owner.kind, namespace, name: owner.name }),
      ctx.cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace }),
    ]);
    return isReplaced(uid, seen.filter((pod) => controllerOf(pod)?.uid === owner.uid), wantedBy(controller)) ? true : undefined;
  };
  await waitUntil(look, { what: `a replacement of a pod of ${namespace}/${owner.name}`, timeoutMs: PACE_MS }).catch((error: unknown) => {
    // Late, or not permitted to be seen: the drain itself waits for what must be, and says what does not come.
    if (!(error instanceof EnvironmentError)) throw error;
  });
}

/** Whether pod `uid` ends, and `wanted` others of its controller's pods are Ready. */
export function isReplaced(uid: string | undefined, pods: readonly PodObject[], wanted: number): boolean {
  const staying = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  return staying.every((pod) => pod.metadata.uid !== uid) && staying.filter((pod) => isReady(pod)).length >= wanted;
}

/** Replicas that a controller asks for; none where it has no such number, as a Job: nothing is waited for then. */
function wantedBy(controller: KubeObject | undefined): number {
  return ((controller?.['spec'] ?? {}) as { replicas?: number }).replicas ?? 0;
}
