/** Step `prove`: a new pod on the node gets an address of its range, answers from every node, and is cut off by a policy: only that shows that the new CNI lives. */
import type { KubeObject, PodObject } from '../../../cluster/objects.ts';
import { waitUntil } from '../../../cluster/wait.ts';
import { contains, parsePrefix } from '../../../net/prefix.ts';
import { waitOptions, type StepContext } from '../../steps/context.ts';
import type { StepHandler } from '../../types.ts';
import { CANARY_PORT, canaryNamespace as namespace, canaryPod, type Seen } from './canary-pod.ts';
import { askSecondPod, removeSecondPod, startSecondPod } from './second-pod.ts';

export interface ProveParams {
  node: string;
  podCidr: string;
  image: string;
  /** Nodes from which the pod must be reached. */
  from: string[];
  timeoutMs: number;
}

function canaryName(node: string): string {
  return `fairlead-canary-${node}`;
}

/** A canary that says who it is to whoever connects. */
function canary({ node, image }: ProveParams): KubeObject {
  const script = `require('node:net').createServer((socket) => socket.end('fairlead')).listen(${CANARY_PORT})`;
  return canaryPod({ name: canaryName(node), label: 'fairlead-canary', node, image, script, port: CANARY_PORT });
}

function denyAll(node: string): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: canaryName(node), namespace },
    spec: { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'fairlead-canary', 'fairlead.dev/node': node } }, policyTypes: ['Ingress'], ingress: [] },
  };
}

/** Whether a TCP connection to the canary succeeds from a node's own network. bash is on every host that Kubernetes runs on; address and port are numbers. */
async function connects(ctx: StepContext, from: string, address: string): Promise<boolean> {
  const result = await ctx.shell(from).run(['timeout', '2', 'bash', '-c', 'exec 3<>"/dev/tcp/$0/$1" && read -r -t 2 line <&3; [ "$line" = fairlead ]', address, String(CANARY_PORT)], { timeoutMs: 10_000 });
  return result.code === 0;
}

/** Removes the pods and the policy, if they are there. */
export async function removeCanary(ctx: StepContext, node: string): Promise<void> {
  await removeSecondPod(ctx, node);
  await ctx.cluster.delete({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace, name: canaryName(node) });
  await ctx.cluster.delete({ apiVersion: 'v1', kind: 'Pod', namespace, name: canaryName(node) }, { gracePeriodSeconds: 0 });
  await ctx.cluster.waitFor({ apiVersion: 'v1', kind: 'Pod', namespace, name: canaryName(node) }, (pod) => pod === undefined, waitOptions(ctx, `the canary pod on ${node} to go`, 30_000));
}

interface Vantage {
  name: string;
  look(): Promise<Seen>;
}

/** From where a policy must cut the canary off: another node or, where there is none, a second pod. A host always reaches the pods on it. */
async function vantagePoint(ctx: StepContext, { node, image, from, timeoutMs }: ProveParams, target: string): Promise<Vantage> {
  const peer = from.find((name) => name !== node);
  if (peer !== undefined) return { name: peer, look: async () => ((await connects(ctx, peer, target)) ? 'open' : 'cut') };
  const second = await startSecondPod(ctx, { node, image, target, timeoutMs });
  return { name: `a second pod on ${node}`, look: () => askSecondPod(ctx, node, second) };
}

/** Starts a pod on the node, reaches it, cuts it off by a policy, removes both. Errors: EnvironmentError for what was not to be seen in time. */
export async function proveEnforced(ctx: StepContext, params: ProveParams): Promise<void> {
  const { node, podCidr, from, timeoutMs } = params;
  await ctx.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await removeCanary(ctx, node);
  await ctx.cluster.create(canary(params));
  const running = await ctx.cluster.waitFor<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace, name: canaryName(node) }, (pod) => (pod?.status)?.phase === 'Running', waitOptions(ctx, `a new pod on ${node} to run`, timeoutMs));
  const address = (running?.status)?.podIP ?? '';
  if (!contains(parsePrefix(podCidr), parsePrefix(`${address}/32`))) throw new Error(`the new pod on ${node} has the address ${address}, which is not in the node's range ${podCidr}`);
  for (const peer of from) {
    await waitUntil(async () => ((await connects(ctx, peer, address)) ? true : undefined), waitOptions(ctx, `the new pod ${address} on ${node} to answer from ${peer}`, 20_000));
  }
  const vantage = await vantagePoint(ctx, params, address);
  await waitUntil(async () => ((await vantage.look()) === 'open' ? true : undefined), waitOptions(ctx, `the new pod ${address} on ${node} to answer from ${vantage.name}`, 20_000));
  await ctx.cluster.apply(denyAll(node));
  await waitUntil(async () => ((await vantage.look()) === 'cut' ? true : undefined), waitOptions(ctx, `a deny-all policy to cut ${vantage.name} off from the new pod on ${node}`, 20_000));
  await removeCanary(ctx, node);
}

export const prove: StepHandler<StepContext> = {
  async check() {
    return false;
  },
  async capture() {
    return null;
  },
  apply: (ctx, step) => proveEnforced(ctx, step.params as unknown as ProveParams),
  async verify(_ctx, step) {
    const { node } = step.params as unknown as ProveParams;
    return { ok: true, evidence: [`a new pod on ${node} got an address of the node's range, answered, and a deny-all policy cut it off`] };
  },
  async undo(ctx, step) {
    await removeCanary(ctx, (step.params as unknown as ProveParams).node);
  },
};
