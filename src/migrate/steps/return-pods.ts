/** Step `return-pods`: pods that were held back while their node's network changed hands have an address again. */
import { isReady, type PodObject } from '../../cluster/objects.ts';
import { waitUntil } from '../../cluster/wait.ts';
import type { StepHandler } from '../types.ts';
import { waitOptions, type StepContext } from './context.ts';
import { podsOf } from './drain.ts';
import { describePod, onPodNetwork } from './pods.ts';

interface ReturnParams {
  node: string;
  timeoutMs: number;
}

const namesOf = (pods: readonly PodObject[]): string => pods.map(describePod).join(', ');

async function without(ctx: StepContext, node: string, has: (pod: PodObject) => boolean): Promise<PodObject[]> {
  return onPodNetwork(await podsOf(ctx, node)).filter((pod) => pod.metadata.deletionTimestamp === undefined && !has(pod));
}

const hasAddress = (pod: PodObject): boolean => pod.status?.podIP !== undefined;

/**
 * Waits until every pod of a node has an address, then as long again until every one is Ready; a pod that does not get
 * Ready may have been so before and fails nothing. Errors: EnvironmentError when a pod gets no address.
 */
export async function podsReturn(ctx: StepContext, { node, timeoutMs }: ReturnParams): Promise<void> {
  const all = async (has: (pod: PodObject) => boolean): Promise<true | undefined> => ((await without(ctx, node, has)).length === 0 ? true : undefined);
  await waitUntil(() => all(hasAddress), waitOptions(ctx, `the pods of ${node} to get addresses`, timeoutMs));
  await waitUntil(() => all(isReady), waitOptions(ctx, `the pods of ${node} to be Ready`, timeoutMs)).catch(() => undefined);
}

export const returnPods: StepHandler<StepContext> = {
  async check() {
    return false;
  },
  async capture() {
    return null;
  },
  apply: (ctx, step) => podsReturn(ctx, step.params as unknown as ReturnParams),
  async verify(ctx, step) {
    const { node } = step.params as unknown as ReturnParams;
    const waiting = await without(ctx, node, hasAddress);
    const unready = await without(ctx, node, isReady);
    const rest = unready.length === 0 ? 'all are Ready' : `not Ready (yet, or as before): ${namesOf(unready)}`;
    return { ok: waiting.length === 0, evidence: [waiting.length === 0 ? `every pod of ${node} has an address; ${rest}` : `without an address on ${node}: ${namesOf(waiting)}`] };
  },
  async undo() {
    // Pods are held back again by the steps that are undone after this one.
  },
};
