/** Asks the API server which pods it would let go, without evicting any. */
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../../cluster/api-error.ts';
import type { Cluster } from '../../cluster/client.ts';
import type { PodObject } from '../../cluster/objects.ts';

export interface Refusal {
  pod: PodObject;
  /** Why, in the API server's words, its budget and figures included. */
  said: string;
}

/** Requests under way at once: enough for thousands of pods in a minute, and few beside what a cluster does anyway. */
const AT_ONCE = 20;
/** Milliseconds between asking and asking again. */
const AGAIN_MS = 1000;

/**
 * The pods that may not be evicted now, each asked for alone: that one may go does not say that all may go at once. Refused
 * ones are asked for again for `patienceMs`, because a budget learns of its pods with a delay.
 * Errors: ApiError when asking is not permitted; UnreachableError.
 */
export async function refusedEvictions(cluster: Cluster, pods: readonly PodObject[], patienceMs: number): Promise<Refusal[]> {
  const until = performance.now() + patienceMs;
  for (let asked = pods; ; ) {
    const refused = await askAll(cluster, asked);
    if (refused.length === 0 || performance.now() >= until) return refused;
    await delay(AGAIN_MS);
    asked = refused.map(({ pod }) => pod);
  }
}

async function askAll(cluster: Cluster, pods: readonly PodObject[]): Promise<Refusal[]> {
  const refused: Refusal[] = [];
  // One queue for all workers.
  const queue = pods.values();
  const work = async (): Promise<void> => {
    for (const pod of queue) {
      const said = await ask(cluster, pod);
      if (said !== undefined) refused.push({ pod, said });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return refused;
}

/** Why a pod may not go; undefined when it may, or is gone. */
async function ask(cluster: Cluster, { metadata: { namespace = 'default', name, uid } }: PodObject): Promise<string | undefined> {
  try {
    const result = await cluster.evict(namespace, name, { dryRun: true, ...(uid === undefined ? {} : { uid }) });
    return typeof result === 'string' ? undefined : result.blockedBy;
  } catch (error) {
    // A webhook may have its say, and a busy server may put us off.
    if (error instanceof ApiError && (error.status === 429 || error.said.includes('admission webhook'))) return error.said;
    throw error;
  }
}
