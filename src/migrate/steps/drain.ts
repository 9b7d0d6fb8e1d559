/** Step `drain`: cordon a node and move its pods elsewhere, one replica at a time, honouring disruption budgets. */
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeObject, PodObject } from '../../cluster/objects.ts';
import { EnvironmentError } from '../../core/errors.ts';
import type { StepHandler } from '../types.ts';
import { waitOptions, type StepContext } from './context.ts';
import { controllerOf, describePod, drainable } from './pods.ts';

interface DrainParams {
  node: string;
  timeoutMs: number;
}

/** How often a node is looked at for pods to evict. */
const ROUNDS = 3;

export async function podsOf(ctx: StepContext, node: string): Promise<PodObject[]> {
  return ctx.cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod', fieldSelector: `spec.nodeName=${node}` });
}

export async function setCordon(ctx: StepContext, node: string, unschedulable: boolean): Promise<void> {
  await ctx.cluster.patch({ apiVersion: 'v1', kind: 'Node', name: node }, { spec: { unschedulable: unschedulable ? true : null } });
}

async function isCordoned(ctx: StepContext, node: string): Promise<boolean> {
  const object = await ctx.cluster.get({ apiVersion: 'v1', kind: 'Node', name: node });
  return (object?.['spec'] as { unschedulable?: boolean } | undefined)?.unschedulable === true;
}

function isWhole(controller: KubeObject | undefined): boolean {
  if (controller === undefined) return true;
  const { replicas = 1 } = (controller['spec'] ?? {}) as { replicas?: number };
  const { readyReplicas = 0 } = (controller['status'] ?? {}) as { readyReplicas?: number };
  return readyReplicas >= replicas;
}

async function evictOne(ctx: StepContext, pod: PodObject, deadline: number): Promise<void> {
  const { namespace = 'default', name, uid } = pod.metadata;
  let blockedBy = '';
  for (;;) {
    const result = await ctx.cluster.evict(namespace, name, uid === undefined ? {} : { uid });
    if (typeof result === 'string') break;
    blockedBy = result.blockedBy;
    ctx.waiting(`leave to evict ${describePod(pod)}: ${blockedBy}`);
    if (Date.now() > deadline) throw new EnvironmentError(`pod ${describePod(pod)} may not be evicted: ${blockedBy}`, { hint: 'give its workload another replica, or relax its PodDisruptionBudget' });
    await delay(1000);
  }
  const left = Math.max(1000, deadline - Date.now());
  await ctx.cluster.waitFor<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace, name }, (seen) => seen === undefined || seen.metadata.uid !== uid, waitOptions(ctx, `pod ${describePod(pod)} to end`, left));
}

/** Evicts the pods of one controller one after the other, each only when its workload is whole again. */
async function evictInTurn(ctx: StepContext, pods: readonly PodObject[], deadline: number): Promise<void> {
  for (const pod of pods) {
    await evictOne(ctx, pod, deadline);
    const owner = controllerOf(pod);
    if (owner === undefined || !['ReplicaSet', 'StatefulSet', 'ReplicationController'].includes(owner.kind)) continue;
    const ref = { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name, namespace: pod.metadata.namespace ?? 'default' };
    const left = Math.max(1000, deadline - Date.now());
    await ctx.cluster.waitFor(ref, isWhole, waitOptions(ctx, `${owner.kind} ${ref.namespace}/${owner.name} to be whole again`, left));
  }
}

/** Evicts everything a drain moves. Errors: EnvironmentError naming the first pod that could not be moved in time. */
export async function drainNode(ctx: StepContext, { node, timeoutMs }: DrainParams): Promise<void> {
  await setCordon(ctx, node, true);
  const deadline = Date.now() + timeoutMs;
  // Looked at again: a scheduler that has not seen the cordon yet puts a replacement right back, though not forever.
  for (let round = 0; round < ROUNDS; round++) {
    const groups = Object.values(Object.groupBy(drainable(await podsOf(ctx, node)), (pod) => controllerOf(pod)?.uid ?? pod.metadata.uid ?? describePod(pod)));
    if (groups.length === 0) return;
    await Promise.all(groups.map((pods) => evictInTurn(ctx, pods ?? [], deadline)));
  }
  const left = drainable(await podsOf(ctx, node)).map(describePod);
  if (left.length > 0) throw new EnvironmentError(`pods come back to ${node} although it is cordoned: ${left.join(', ')}`, { hint: 'they tolerate the cordon or name the node; take that out of their workloads, or scale those down for now' });
}

export const drain: StepHandler<StepContext> = {
  async check(ctx, step) {
    const { node } = step.params as unknown as DrainParams;
    return (await isCordoned(ctx, node)) && drainable(await podsOf(ctx, node)).length === 0;
  },
  async capture(ctx, step) {
    const { node } = step.params as unknown as DrainParams;
    return { cordoned: await isCordoned(ctx, node) };
  },
  apply: (ctx, step) => drainNode(ctx, step.params as unknown as DrainParams),
  async verify(ctx, step) {
    const { node } = step.params as unknown as DrainParams;
    const left = drainable(await podsOf(ctx, node)).map(describePod);
    return { ok: left.length === 0 && (await isCordoned(ctx, node)), evidence: [left.length === 0 ? `no movable pod is left on ${node}` : `still on ${node}: ${left.join(', ')}`] };
  },
  async undo(ctx, step, captured) {
    const { node } = step.params as unknown as DrainParams;
    await setCordon(ctx, node, (captured as { cordoned: boolean }).cordoned);
  },
};

/** Step `uncordon`: give the node back to the scheduler. Undone by cordoning and draining it again, because what runs there now must go before its network can change back. */
export const uncordon: StepHandler<StepContext> = {
  async check(ctx, step) {
    return !(await isCordoned(ctx, (step.params as unknown as DrainParams).node));
  },
  async capture() {
    return null;
  },
  async apply(ctx, step) {
    await setCordon(ctx, (step.params as unknown as DrainParams).node, false);
  },
  async verify(ctx, step) {
    const { node } = step.params as unknown as DrainParams;
    const cordoned = await isCordoned(ctx, node);
    return { ok: !cordoned, evidence: [`${node} is ${cordoned ? 'still cordoned' : 'schedulable'}`] };
  },
  undo: (ctx, step) => drainNode(ctx, step.params as unknown as DrainParams),
};
