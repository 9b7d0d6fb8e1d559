/** Step `prove`: a new pod on the node gets an address of its range, answers from every node, and is cut off by a policy: only that shows that the new CNI lives. */
import { calicoNodePod, felixHealth } from '../../../cni/calico/health.ts';
import { refOf, type KubeObject, type PodObject } from '../../../cluster/objects.ts';
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

/** Annotation of the calico-node pod that was proved: it goes with the pod, so a proof never outlives what it is about. */
const PROOF = 'fairlead.dev/proved';

/** What was seen when calico-node was proved. */
interface Proof {
  at: string;
  /** Ids of calico-node's containers at that time. */
  containers: string[];
  /** Address of the new pod. */
  address: string;
  /** Nodes that it answered. */
  answered: string[];
  /** From where the policy cut it off: a node, or a second pod on the same one. */
  cutOffFrom: string;
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

/** Starts a pod on the node, reaches it, cuts it off by a policy, removes both. Resolves what was seen. Errors: EnvironmentError for what was not to be seen in time. */
export async function proveEnforced(ctx: StepContext, params: ProveParams): Promise<Omit<Proof, 'at' | 'containers'>> {
  const { node, podCidr, from, timeoutMs } = params;
  await ctx.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await removeCanary(ctx, node);
  await ctx.cluster.create(canary(params));
  const running = await ctx.cluster.waitFor<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace, name: canaryName(node) }, (pod) => (pod?.status)?.phase === 'Running', waitOptions(ctx, `a new pod on ${node} to run`, timeoutMs));
  const address = (running?.status)?.podIP ?? '';
  if (!inRange(podCidr, address)) throw new Error(`the new pod on ${node} has the address ${address}, which is not in the node's range ${podCidr}`);
  for (const peer of from) {
    await waitUntil(async () => ((await connects(ctx, peer, address)) ? true : undefined), waitOptions(ctx, `the new pod ${address} on ${node} to answer from ${peer}`, 20_000));
  }
  const vantage = await vantagePoint(ctx, params, address);
  await waitUntil(async () => ((await vantage.look()) === 'open' ? true : undefined), waitOptions(ctx, `the new pod ${address} on ${node} to answer from ${vantage.name}`, 20_000));
  await ctx.cluster.apply(denyAll(node));
  await waitUntil(async () => ((await vantage.look()) === 'cut' ? true : undefined), waitOptions(ctx, `a deny-all policy to cut ${vantage.name} off from the new pod on ${node}`, 20_000));
  await removeCanary(ctx, node);
  return { address, answered: from, cutOffFrom: vantage.name };
}

function containersOf(pod: PodObject): string[] {
  return ((pod.status?.containerStatuses ?? []) as { containerID?: string }[]).map(({ containerID }) => containerID ?? '').toSorted();
}

/** Writes down what was seen, on the pod that it was seen of. */
async function record(ctx: StepContext, node: string, seen: Omit<Proof, 'at' | 'containers'>): Promise<void> {
  const { pod, evidence } = await calicoNodePod(ctx.cluster, node);
  if (pod === undefined) throw new Error(evidence);
  const proof: Proof = { at: new Date().toISOString(), containers: containersOf(pod), ...seen };
  await ctx.cluster.patch(refOf(pod), { metadata: { annotations: { [PROOF]: JSON.stringify(proof) } } });
}

/** The proof of the calico-node that runs on the node now, or what is wrong with it: another has been started since, or it is not well. */
async function proofOf(ctx: StepContext, { node, podCidr, from }: ProveParams): Promise<{ proof: Proof } | { problem: string }> {
  const { ready, evidence, pod } = await calicoNodePod(ctx.cluster, node);
  if (!ready || pod === undefined) return { problem: evidence };
  const felix = await felixHealth(ctx.shell(node));
  if (felix?.ready === false) return { problem: felix.evidence };
  const text = pod.metadata.annotations?.[PROOF];
  if (text === undefined) return { problem: `Pod ${pod.metadata.name} was not proved` };
  const proof = JSON.parse(text) as Proof;
  if (proof.containers.join() !== containersOf(pod).join()) return { problem: `Pod ${pod.metadata.name} was proved at ${proof.at}, but its containers have been restarted since` };
  const unasked = from.filter((peer) => !proof.answered.includes(peer));
  if (!inRange(podCidr, proof.address) || unasked.length > 0) return { problem: `the proof of ${proof.at} is not of this step: ${text}` };
  return { proof };
}

function inRange(podCidr: string, address: string): boolean {
  return contains(parsePrefix(podCidr), parsePrefix(`${address}/32`));
}

export const prove: StepHandler<StepContext> = {
  async check(ctx, step) {
    return 'proof' in (await proofOf(ctx, step.params as unknown as ProveParams));
  },
  async capture() {
    return null;
  },
  async apply(ctx, step) {
    const params = step.params as unknown as ProveParams;
    await record(ctx, params.node, await proveEnforced(ctx, params));
  },
  async verify(ctx, step) {
    const params = step.params as unknown as ProveParams;
    const seen = await proofOf(ctx, params);
    if ('problem' in seen) return { ok: false, evidence: [seen.problem] };
    const { at, address, answered, cutOffFrom } = seen.proof;
    return { ok: true, evidence: [`the calico-node that runs on ${params.node} was proved at ${at}: a new pod got ${address} of the range ${params.podCidr}, answered ${answered.join(', ')}, and a deny-all policy cut ${cutOffFrom} off from it`] };
  },
  async undo(ctx, step) {
    const { node } = step.params as unknown as ProveParams;
    await removeCanary(ctx, node);
    const { pod } = await calicoNodePod(ctx.cluster, node);
    if (pod !== undefined) await ctx.cluster.patch(refOf(pod), { metadata: { annotations: { [PROOF]: null } } });
  },
};
