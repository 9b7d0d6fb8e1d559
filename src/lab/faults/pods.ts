/** The fault of a pod that does not go when it is told to. */
import { Cluster } from '../../cluster/client.ts';
import type { KubeObject, ObjectRef } from '../../cluster/objects.ts';
import { waitUntil } from '../../cluster/wait.ts';
import { EnvironmentError, UsageError } from '../../core/errors.ts';
import { SHOP } from '../images/other-images.ts';
import { labPaths } from '../paths.ts';
import type { Fault, FaultContext } from './fault.ts';
import { findProcesses, sendSignal } from './node-processes.ts';

const NAMESPACE = 'default';
const LABEL = 'fairlead.dev/fault';
/** Longer than any drain waits. */
const GRACE_SECONDS = 7200;
/** Milliseconds. */
const WAIT_MS = 60_000;

interface Pod extends KubeObject {
  spec: { nodeName?: string };
  status?: { phase?: string };
}

const nameOf = (id: string): string => `fairlead-fault-${id}`;
const finalizerOf = (id: string): string => `fairlead.dev/fault-${id}`;

async function withCluster<T>(ctx: FaultContext, use: (cluster: Cluster) => Promise<T>): Promise<T> {
  const cluster = await Cluster.connect({ kubeconfig: labPaths(ctx.lab.name).kubeconfig });
  try {
    return await use(cluster);
  } finally {
    cluster.close();
  }
}

function refOf(pod: string): ObjectRef {
  const [namespace, name, ...rest] = pod.split('/');
  if (!namespace || !name || rest.length > 0) throw new UsageError(`--pod is ${JSON.stringify(pod)}; expected namespace/name`);
  return { apiVersion: 'v1', kind: 'Pod', namespace, name };
}

/** One pod that would rather be on this node: with a controller, since a drain refuses pods without one, and free to start anew elsewhere. */
function deployment(ctx: FaultContext): KubeObject {
  const labels = { [LABEL]: ctx.id };
  const term = { key: 'kubernetes.io/hostname', operator: 'In', values: [ctx.node.name] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: nameOf(ctx.id), namespace: NAMESPACE, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: GRACE_SECONDS,
          affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: { matchExpressions: [term] } }] } },
          tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }],
          containers: [{ name: 'deaf', image: SHOP, imagePullPolicy: 'IfNotPresent', command: ['/bin/sh', '-c', 'trap "" TERM; while :; do sleep 3600; done', nameOf(ctx.id)] }],
        },
      },
    },
  };
}

async function hold(cluster: Cluster, ctx: FaultContext, pod: ObjectRef): Promise<string> {
  await cluster.patch(pod, { metadata: { finalizers: [finalizerOf(ctx.id)] } }, 'strategic');
  return `pod ${pod.namespace}/${pod.name} on ${ctx.node.name} stays when it is deleted (finalizer ${finalizerOf(ctx.id)})`;
}

async function startDeafPod(cluster: Cluster, ctx: FaultContext): Promise<string> {
  await cluster.apply(deployment(ctx));
  const query = { apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, labelSelector: `${LABEL}=${ctx.id}` };
  const [pod] = await cluster.waitFor<Pod>(query, (pods) => pods.some((one) => one.status?.phase === 'Running'), { timeoutMs: WAIT_MS, what: `pod ${nameOf(ctx.id)} to run`, signal: ctx.signal });
  if (pod?.spec.nodeName !== ctx.node.name) throw new EnvironmentError(`pod ${nameOf(ctx.id)} was placed on ${pod?.spec.nodeName ?? 'no node'} instead of ${ctx.node.name}`, { hint: 'the node takes no new pods; name one that runs there with --pod' });
  return `pod ${NAMESPACE}/${pod.metadata.name} on ${ctx.node.name} ignores SIGTERM and has ${GRACE_SECONDS} s to end`;
}

/**
 * Ends the pods of the fault. Their processes are killed on the node: a kubelet that has begun to wait for a pod's
 * long grace period does not take a shorter one afterwards.
 */
async function removeDeafPod(cluster: Cluster, ctx: FaultContext): Promise<void> {
  const query = { apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, labelSelector: `${LABEL}=${ctx.id}` };
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name: nameOf(ctx.id) };
  const started = performance.now();
  await waitUntil(async () => {
    await cluster.delete(owner, { propagation: 'Foreground' });
    const pods = await cluster.list<Pod>(query);
    if (pods.length === 0 && (await cluster.get(owner)) === undefined) return true;
    // By force only where no kubelet answers. Asked again each time: a ReplicaSet may make one more before it goes itself.
    const gracePeriodSeconds = performance.now() - started < WAIT_MS / 2 ? 1 : 0;
    for (const { metadata } of pods) await cluster.delete({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, name: metadata.name }, { gracePeriodSeconds });
    for (const node of ctx.lab.nodes) sendSignal(findProcesses(ctx.lab.name, node.name, (argv) => argv.includes(nameOf(ctx.id))), 'SIGKILL');
    return undefined;
  }, { timeoutMs: WAIT_MS, intervalMs: 500, what: `the pods of fault ${ctx.id} to end` });
}

export const stuckPod: Fault = {
  name: 'stuck-pod',
  does: 'A pod runs on the node that ignores SIGTERM and has two hours to end; with --pod, a pod that is there already is kept by a finalizer when it is deleted.',
  ends: 'The pod is ended at once and its Deployment removed; the finalizer is taken away.',
  node: 'required',
  options: ['pod'],
  lasting: true,
  async capture(ctx) {
    if (ctx.options.pod === undefined) return {};
    const ref = refOf(ctx.options.pod);
    const pod = await withCluster(ctx, (cluster) => cluster.get<Pod>(ref));
    if (pod?.spec.nodeName !== ctx.node.name) throw new UsageError(`there is no pod ${ctx.options.pod} on ${ctx.node.name}`);
    return { uid: pod.metadata.uid };
  },
  inject: (ctx) => withCluster(ctx, (cluster) => (ctx.options.pod === undefined ? startDeafPod(cluster, ctx) : hold(cluster, ctx, refOf(ctx.options.pod)))),
  undo: (ctx) => withCluster(ctx, async (cluster) => {
    if (ctx.options.pod === undefined) return removeDeafPod(cluster, ctx);
    // Names the entry to remove, so that finalizers of others stay (strategic merge patch directive).
    await cluster.patch(refOf(ctx.options.pod), { metadata: { '$deleteFromPrimitiveList/finalizers': [finalizerOf(ctx.id)] } }, 'strategic');
    return undefined;
  }),
};
