/** Step `harden-dns`: two DNS servers on different nodes that answer for a while after they are told to end, so that draining a node loses no query. */
import { refOf, type KubeObject, type PodObject } from '../../cluster/objects.ts';
import { waitUntil } from '../../cluster/wait.ts';
import type { Json, StepHandler } from '../types.ts';
import { waitOptions, type StepContext } from './context.ts';
import { proxiesFollow, type Otherwise } from './proxies.ts';

interface DnsParams {
  namespace: string;
  name: string;
}

interface DeploymentSpec {
  replicas?: number;
  paused?: boolean;
  selector: { matchLabels: Record<string, string> };
  template: { metadata: { labels?: Record<string, string> }; spec: Record<string, unknown> & { containers: Record<string, unknown>[] } };
}

/** Label that tells our stand-in's pods from the original's; the Service does not look at it. */
const standIn = { 'fairlead.dev/stand-in': 'dns' };
/** On pods that were taken out of service: the name of the Deployment that they were of. */
const RETIRED = 'fairlead.dev/retired-from';

const paramsOf = (params: Json): DnsParams => params as unknown as DnsParams;
const original = (params: DnsParams): { apiVersion: string; kind: string; namespace: string; name: string } => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: params.namespace, name: params.name });
const standInRef = (params: DnsParams): ReturnType<typeof original> => original({ ...params, name: `fairlead-${params.name}` });

function specOf(object: KubeObject | undefined): DeploymentSpec {
  return object?.['spec'] as DeploymentSpec;
}

/** A Deployment like the original, but with two replicas apart from each other that outlive their removal from the Service. */
function makeStandIn(params: DnsParams, deployment: KubeObject): KubeObject {
  const { template } = specOf(deployment);
  const labels = { ...template.metadata.labels, ...standIn };
  const spread = [{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule', nodeTaintsPolicy: 'Honor', labelSelector: { matchLabels: standIn } }];
  const containers = template.spec.containers.map((container) => ({ ...container, lifecycle: { preStop: { sleep: { seconds: 5 } } } }));
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: standInRef(params).name, namespace: params.namespace, labels: standIn },
    spec: {
      replicas: 2,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { ...template.spec, topologySpreadConstraints: spread, containers } },
    },
  };
}

async function availableOf(ctx: StepContext, ref: ReturnType<typeof original>): Promise<number> {
  const { availableReplicas = 0 } = ((await ctx.cluster.get(ref))?.['status'] ?? {}) as { availableReplicas?: number };
  return availableReplicas;
}

async function waitReady(ctx: StepContext, ref: ReturnType<typeof original>, replicas: number): Promise<void> {
  await ctx.cluster.waitFor(ref, (object) => {
    const { availableReplicas = 0, observedGeneration } = (object?.['status'] ?? {}) as { availableReplicas?: number; observedGeneration?: number };
    return observedGeneration === object?.metadata.generation && availableReplicas >= replicas;
  }, waitOptions(ctx, `${ref.namespace}/${ref.name} to have ${replicas} replicas`, 120_000));
}

/** Pods of a Deployment that were taken out of service and not told to end yet. */
async function retiredPods(ctx: StepContext, { namespace, name }: ReturnType<typeof original>): Promise<PodObject[]> {
  const pods = await ctx.cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace, labelSelector: `${RETIRED}=${name}` });
  return pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
}

/**
 * Takes a Deployment's pods out of service before they end: without the label that the Service looks for they get no new
 * queries, while those under way are still answered. Without that label they are nobody's, so they get another by which
 * they are found again after a crash.
 */
async function retirePods(ctx: StepContext, ref: ReturnType<typeof original>, otherwise: Otherwise): Promise<void> {
  const deployment = await ctx.cluster.get(ref);
  if (deployment !== undefined) {
    const { matchLabels } = specOf(deployment).selector;
    const labelSelector = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`).join(',');
    const isOwn = (pod: PodObject): boolean => matchLabels['fairlead.dev/stand-in'] !== undefined || pod.metadata.labels?.['fairlead.dev/stand-in'] === undefined;
    const pods = (await ctx.cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace: ref.namespace, labelSelector })).filter(isOwn);
    const labels = { ...Object.fromEntries(Object.keys(matchLabels).map((key) => [key, null])), [RETIRED]: ref.name };
    for (const pod of pods) await ctx.cluster.patch({ apiVersion: 'v1', kind: 'Pod', namespace: ref.namespace, name: pod.metadata.name }, { metadata: { labels } });
    await ctx.cluster.patch(ref, { spec: { replicas: 0 } });
  }
  const retired = await retiredPods(ctx, ref);
  if (retired.length === 0) return;
  const addresses = retired.map((pod) => pod.status?.podIP);
  await waitUntil(async () => {
    const slices = await ctx.cluster.list({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: ref.namespace });
    const listed = slices.flatMap((slice) => ((slice['endpoints'] ?? []) as { addresses: string[] }[]).flatMap((endpoint) => endpoint.addresses));
    return addresses.every((address) => address === undefined || !listed.includes(address)) ? true : undefined;
  }, waitOptions(ctx, 'the retired DNS servers to leave their Service', 30_000));
  await proxiesFollow(ctx, otherwise);
  await removeRetired(ctx, ref);
}

/** Removes pods that were taken out of service. */
async function removeRetired(ctx: StepContext, ref: ReturnType<typeof original>): Promise<void> {
  for (const pod of await retiredPods(ctx, ref)) await ctx.cluster.delete(refOf(pod));
}

export const hardenDns: StepHandler<StepContext> = {
  async check(ctx, step) {
    const params = paramsOf(step.params);
    return (await availableOf(ctx, standInRef(params))) >= 2 && specOf(await ctx.cluster.get(original(params))).replicas === 0 && (await retiredPods(ctx, original(params))).length === 0;
  },
  async capture(ctx, step) {
    return { replicas: specOf(await ctx.cluster.get(original(paramsOf(step.params)))).replicas ?? 1 };
  },
  async apply(ctx, step) {
    const params = paramsOf(step.params);
    const deployment = await ctx.cluster.get(original(params));
    if (deployment === undefined) throw new Error(`Deployment ${params.namespace}/${params.name} is gone`);
    await ctx.cluster.apply(makeStandIn(params, deployment), { force: true });
    await waitReady(ctx, standInRef(params), 2);
    await proxiesFollow(ctx, 'or fail');
    await retirePods(ctx, original(params), 'or fail');
    // Of a return to the original that was cut short, when this undoes it.
    await removeRetired(ctx, standInRef(params));
  },
  async verify(ctx, step) {
    const ref = standInRef(paramsOf(step.params));
    const available = await availableOf(ctx, ref);
    return { ok: available >= 2, evidence: [`${ref.namespace}/${ref.name} has ${available} available replicas, expected 2`] };
  },
  async undo(ctx, step, captured) {
    await restoreDns(ctx, paramsOf(step.params), (captured as { replicas: number }).replicas, 'or go on');
  },
};

/** Puts the original Deployment back in service, then retires the stand-in, and what a retirement that was cut short left of the original. */
async function restoreDns(ctx: StepContext, params: DnsParams, replicas: number, otherwise: Otherwise): Promise<void> {
  await ctx.cluster.patch(original(params), { spec: { replicas } });
  await waitReady(ctx, original(params), replicas);
  await proxiesFollow(ctx, otherwise);
  await retirePods(ctx, standInRef(params), otherwise);
  await removeRetired(ctx, original(params));
  await ctx.cluster.delete(standInRef(params));
}

/** Step `restore-dns`: the cluster's own DNS Deployment serves again when all nodes have moved. Undone by hardening it again. */
export const returnDns: StepHandler<StepContext> = {
  async check(ctx, step) {
    const params = paramsOf(step.params);
    const { replicas } = step.params as unknown as { replicas: number };
    return (await ctx.cluster.get(standInRef(params))) === undefined && (await retiredPods(ctx, standInRef(params))).length === 0 && (await availableOf(ctx, original(params))) >= replicas;
  },
  async capture() {
    return null;
  },
  async apply(ctx, step) {
    await restoreDns(ctx, paramsOf(step.params), (step.params as unknown as { replicas: number }).replicas, 'or fail');
  },
  async verify(ctx, step) {
    const available = await availableOf(ctx, original(paramsOf(step.params)));
    const { replicas } = step.params as unknown as { replicas: number };
    return { ok: available >= replicas, evidence: [`the cluster's own DNS has ${available} of ${replicas} replicas available`] };
  },
  undo: (ctx, step) => hardenDns.apply(ctx, step, null),
};
