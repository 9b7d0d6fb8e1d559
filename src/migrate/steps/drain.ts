/** Step `drain`: cordon a node and move its pods elsewhere, one workload after another and one replica at a time, honouring disruption budgets. */
import { setTimeout as delay } from 'node:timers/promises';
import { isReady, type KubeObject, type PodObject } from '../../cluster/objects.ts';
import { waitUntil } from '../../cluster/wait.ts';
import { EnvironmentError } from '../../core/errors.ts';
import type { StepHandler } from '../types.ts';
import { waitOptions, type StepContext } from './context.ts';
import { drainChecks, readPins, surveyDrain, type PinnedPods } from './drain-checks.ts';
import { untilReplaced } from './pace.ts';
import { controllerOf, describePod, drainable } from './pods.ts';
import { keepProxiesFollowing, removeProxyChecks, type Otherwise } from './proxies.ts';

interface DrainParams {
  node: string;
  timeoutMs: number;
  /** What happens with pods that cannot run on another node. */
  pinnedPods: PinnedPods;
}

interface UncordonParams {
  node: string;
  timeoutMs: number;
  /** What ties pods to the node, as `tiesByNode` says it, when the plan was made. */
  tied: string[];
}

/** Longest time that a budget is given to allow an eviction before anything is changed, milliseconds: as long as a node takes to reboot. */
const PATIENCE_MS = 60_000;
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

/** By when a pod must have ended (epoch ms), and what must hold before each one is told to. */
interface Terms {
  deadline: number;
  proxiesFollow(): Promise<void>;
}

async function evictOne(ctx: StepContext, pod: PodObject, { deadline, proxiesFollow }: Terms): Promise<void> {
  const { namespace = 'default', name, uid } = pod.metadata;
  let blockedBy = '';
  for (;;) {
    await proxiesFollow();
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
async function evictInTurn(ctx: StepContext, pods: readonly PodObject[], terms: Terms): Promise<void> {
  for (const pod of pods) {
    await evictOne(ctx, pod, terms);
    const owner = controllerOf(pod);
    if (owner === undefined || !['ReplicaSet', 'StatefulSet', 'ReplicationController'].includes(owner.kind)) continue;
    const ref = { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name, namespace: pod.metadata.namespace ?? 'default' };
    const left = Math.max(1000, terms.deadline - Date.now());
    await ctx.cluster.waitFor(ref, isWhole, waitOptions(ctx, `${owner.kind} ${ref.namespace}/${owner.name} to be whole again`, left));
  }
}

/** Looks once more, before anything is changed, whether all pods of a node may go. Errors: EnvironmentError naming the pods, why they may not, and what to do. */
async function refuseIfBlocked(ctx: StepContext, { node, timeoutMs, pinnedPods }: DrainParams): Promise<void> {
  const patienceMs = Math.min(PATIENCE_MS, timeoutMs / 2);
  const view = await waitUntil(() => surveyDrain(ctx.cluster, { node, patienceMs }), waitOptions(ctx, `leave to evict the pods of ${node}`, patienceMs));
  const blocked = drainChecks(view, pinnedPods).filter((check) => check.verdict === 'fail');
  if (blocked.length === 0) return;
  throw new EnvironmentError(`${node} cannot be drained, and has not been touched. ${blocked.map(({ title, expected, observed }) => `${title}: expected ${expected}, seen ${observed}`).join('. ')}`, { hint: blocked.map(({ fix }) => fix ?? '').join('; ') });
}

/** Evicts pods: first those that start anew elsewhere, one workload after another; then those that are tied to the node, which nobody waits for now. */
async function evictAll(ctx: StepContext, pods: readonly PodObject[], terms: Terms): Promise<void> {
  const tied = new Set((await readPins(ctx.cluster, pods)).map(({ pod }) => pod.metadata.uid));
  const groups = Object.values(Object.groupBy(pods.filter((pod) => !tied.has(pod.metadata.uid)), (pod) => controllerOf(pod)?.uid ?? pod.metadata.uid ?? describePod(pod)));
  const turns: Promise<void>[] = [];
  for (const group of groups) {
    turns.push(evictInTurn(ctx, group ?? [], terms));
    await Promise.race([Promise.all(turns), untilReplaced(ctx, group ?? [])]);
  }
  await Promise.all(turns);
  await Promise.all(pods.filter((pod) => tied.has(pod.metadata.uid)).map((pod) => evictOne(ctx, pod, terms)));
}

/** Evicts everything a drain moves. Errors: EnvironmentError naming the first pod that could not be moved in time. */
async function drainNode(ctx: StepContext, node: string, timeoutMs: number, otherwise: Otherwise): Promise<void> {
  const terms = { proxiesFollow: await keepProxiesFollowing(ctx, otherwise), deadline: Date.now() + timeoutMs };
  await setCordon(ctx, node, true);
  // Looked at again: a scheduler that has not seen the cordon yet puts a replacement right back, though not forever.
  for (let round = 0; round < ROUNDS; round++) {
    const pods = drainable(await podsOf(ctx, node));
    if (pods.length === 0) return;
    await evictAll(ctx, pods, terms);
  }
  const left = drainable(await podsOf(ctx, node)).map(describePod);
  if (left.length > 0) throw new EnvironmentError(`pods come back to ${node} although it is cordoned: ${left.join(', ')}`, { hint: 'they tolerate the cordon or name the node; take that out of their workloads, or scale those down for now' });
}

/** Pods that the plan said would be down with their node, and that are not back on it, as `has` tells. */
async function notBack(ctx: StepContext, { node, tied }: UncordonParams, has: (pod: PodObject) => boolean): Promise<string[]> {
  if (tied.length === 0) return [];
  const pods = await ctx.cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod' });
  const pins = await readPins(ctx.cluster, pods.filter((pod) => pod.metadata.deletionTimestamp === undefined));
  return pins.filter((pin) => pin.node === node && pin.by.some((name) => tied.includes(name)) && !has(pin.pod)).map(({ pod }) => describePod(pod));
}

const hasAddress = (pod: PodObject): boolean => pod.status?.podIP !== undefined;

export const drain: StepHandler<StepContext> = {
  async check(ctx, step) {
    const { node } = step.params as unknown as DrainParams;
    return (await isCordoned(ctx, node)) && drainable(await podsOf(ctx, node)).length === 0;
  },
  async capture(ctx, step) {
    const { node } = step.params as unknown as DrainParams;
    return { cordoned: await isCordoned(ctx, node) };
  },
  async apply(ctx, step) {
    const params = step.params as unknown as DrainParams;
    await refuseIfBlocked(ctx, params);
    await drainNode(ctx, params.node, params.timeoutMs, 'or fail');
  },
  async verify(ctx, step) {
    const { node } = step.params as unknown as DrainParams;
    const left = drainable(await podsOf(ctx, node)).map(describePod);
    return { ok: left.length === 0 && (await isCordoned(ctx, node)), evidence: [left.length === 0 ? `no movable pod is left on ${node}` : `still on ${node}: ${left.join(', ')}`] };
  },
  async undo(ctx, step, captured) {
    const { node } = step.params as unknown as DrainParams;
    await removeProxyChecks(ctx);
    await setCordon(ctx, node, (captured as { cordoned: boolean }).cordoned);
  },
};

/** Step `uncordon`: give the node back to the scheduler, and wait for pods that can run nowhere else. Undone by cordoning and draining it again, because what runs there now must go before its network can change back. */
export const uncordon: StepHandler<StepContext> = {
  async check(ctx, step) {
    const params = step.params as unknown as UncordonParams;
    return !(await isCordoned(ctx, params.node)) && (await notBack(ctx, params, isReady)).length === 0;
  },
  async capture() {
    return null;
  },
  async apply(ctx, step) {
    const params = step.params as unknown as UncordonParams;
    await setCordon(ctx, params.node, false);
    if (params.tied.length === 0) return;
    const back = async (): Promise<true | undefined> => ((await notBack(ctx, params, isReady)).length === 0 ? true : undefined);
    // One that does not get Ready may have been so before; without an address, `verify` does not let it pass.
    await waitUntil(back, waitOptions(ctx, `the pods that are tied to ${params.node} to be Ready again`, params.timeoutMs)).catch((error: unknown) => {
      if (!(error instanceof EnvironmentError)) throw error;
    });
  },
  async verify(ctx, step) {
    const params = step.params as unknown as UncordonParams;
    const cordoned = await isCordoned(ctx, params.node);
    const down = await notBack(ctx, params, hasAddress);
    const unready = await notBack(ctx, params, isReady);
    const ready = params.tied.length === 0 ? '' : `; the pods of ${params.tied.join(', ')} are back`;
    const pods = down.length > 0 ? `; still down: ${down.join(', ')}` : unready.length > 0 ? `; not Ready (yet, or as before): ${unready.join(', ')}` : ready;
    return { ok: !cordoned && down.length === 0, evidence: [`${params.node} is ${cordoned ? 'still cordoned' : 'schedulable'}${pods}`] };
  },
  undo: (ctx, step) => {
    const { node, timeoutMs } = step.params as unknown as UncordonParams;
    return drainNode(ctx, node, timeoutMs, 'or go on');
  },
};
