/** Proof that every node's service proxy follows what becomes of pods, by a Service that exists for nothing else. */
import { randomBytes, randomInt } from 'node:crypto';
import { isReady, type KubeObject, type NodeObject } from '../../cluster/objects.ts';
import { waitUntil } from '../../cluster/wait.ts';
import { EnvironmentError } from '../../core/errors.ts';
import { proxyKnows } from '../../node/facts/service-proxy.ts';
import { waitOptions, type StepContext } from './context.ts';

const NAMESPACE = 'fairlead-system';
/** By which what a check made is found again. */
const LABEL = 'fairlead.dev/proxy-check';
const SERVICE_NAME = 'kubernetes.io/service-name';
/** TEST-NET-1 (RFC 5737): nobody's addresses. */
const NET = '192.0.2';
/** The discard port: nothing is ever sent there. */
const PORT = { name: 'check', port: 9, protocol: 'TCP' };
/**
 * How far a proxy may be behind. After an outage of the API server it tries again with pauses of up to 60 s (client-go
 * tools/cache/reflector.go: 800 ms, doubled each time up to 30 s, with a jitter of as much again), and the controller
 * manager waits until its lease has run out.
 */
const TIMEOUT_MS = 150_000;

/** When proxies do not follow: a step fails before it ends a pod; what takes a step back must come to its end. */
export type Otherwise = 'or fail' | 'or go on';

/**
 * Waits until the proxies of all Ready nodes know everything that the API server knew when this was called, and until the
 * controller that tells them which pods have ended works. Where one of them is behind, as after an outage, requests go on
 * to a pod that is ended. Errors: with `or fail` EnvironmentError naming what does not follow.
 */
export async function proxiesFollow(ctx: StepContext, otherwise: Otherwise): Promise<void> {
  const name = `fairlead-proxy-check-${randomBytes(4).toString('hex')}`;
  try {
    const address = await makeCheck(ctx, name);
    await endpointsFollow(ctx, name);
    await allKnow(ctx, address);
  } catch (error) {
    if (!(error instanceof EnvironmentError) || otherwise === 'or fail') throw error;
  } finally {
    // What cannot be removed now is removed when the step is undone, or by the next check.
    await removeProxyChecks(ctx).catch((error: unknown) => {
      if (!(error instanceof EnvironmentError)) throw error;
    });
  }
}

/** `proxiesFollow` for a while in which pods are ended one after another: what it resolves looks again where the API server was away since it last looked. */
export async function keepProxiesFollowing(ctx: StepContext, otherwise: Otherwise): Promise<() => Promise<void>> {
  let failures = ctx.cluster.failures;
  let proof = proxiesFollow(ctx, otherwise);
  await proof;
  return () => {
    if (ctx.cluster.failures === failures) return proof;
    ({ failures } = ctx.cluster);
    proof = proxiesFollow(ctx, otherwise);
    return proof;
  };
}

/** Takes away what checks have left, also those that were cut short. */
export async function removeProxyChecks(ctx: StepContext): Promise<void> {
  for (const [apiVersion, kind] of [['discovery.k8s.io/v1', 'EndpointSlice'], ['v1', 'Service']] as const) {
    for (const { metadata } of await ctx.cluster.list({ apiVersion, kind, namespace: NAMESPACE, labelSelector: LABEL })) await ctx.cluster.delete({ apiVersion, kind, namespace: NAMESPACE, name: metadata.name });
  }
}

/** A Service that selects nobody, with an endpoint that we give it. Resolves the endpoint's address. */
async function makeCheck(ctx: StepContext, name: string): Promise<string> {
  const address = `${NET}.${randomInt(1, 255)}`;
  const metadata = { name, namespace: NAMESPACE, labels: { [LABEL]: 'true' } };
  await ctx.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  await ctx.cluster.apply({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [PORT], selector: { [LABEL]: 'nobody' } } });
  // Watches of one kind tell of changes in their order: a proxy that knows this slice knows all earlier ones.
  await ctx.cluster.apply({
    apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { ...metadata, labels: { ...metadata.labels, [SERVICE_NAME]: name, 'endpointslice.kubernetes.io/managed-by': 'fairlead' } },
    addressType: 'IPv4', ports: [PORT], endpoints: [{ addresses: [address], conditions: { ready: true } }],
  });
  return address;
}

/** The controller gives every Service with a selector a slice of its own, an empty one to this. */
async function endpointsFollow(ctx: StepContext, name: string): Promise<void> {
  const own = (slice: KubeObject): boolean => slice.metadata.labels?.['endpointslice.kubernetes.io/managed-by'] === 'endpointslice-controller.k8s.io';
  await ctx.cluster.waitFor({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: NAMESPACE, labelSelector: `${SERVICE_NAME}=${name}` }, (slices) => slices.some(own), {
    ...waitOptions(ctx, 'kube-controller-manager to give a new Service its EndpointSlice', TIMEOUT_MS),
  });
}

async function allKnow(ctx: StepContext, address: string): Promise<void> {
  const known = new Set<string>();
  let behind: string[] = [];
  const look = async (): Promise<true | undefined> => {
    const nodes = (await ctx.cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' })).filter((node) => isReady(node)).map((node) => node.metadata.name);
    behind = [];
    await Promise.all(nodes.filter((node) => !known.has(node)).map(async (node) => {
      // A node that cannot be asked may be rebooting: then it will not be Ready, or answer, before long.
      const seen = await proxyKnows(ctx.shell(node), address).catch((error: unknown) => {
        if (!(error instanceof EnvironmentError)) throw error;
        return 'behind' as const;
      });
      if (seen === 'behind') behind.push(node);
      else known.add(node);
    }));
    return behind.length === 0 ? true : undefined;
  };
  await waitUntil(look, { ...waitOptions(ctx, 'the service proxies of all nodes to follow the API server', TIMEOUT_MS), intervalMs: 500 }).catch((cause: unknown) => {
    if (!(cause instanceof EnvironmentError)) throw cause;
    throw new EnvironmentError(`the service proxy of ${behind.join(', ')} does not follow the API server: after ${TIMEOUT_MS / 1000} s it does not know an endpoint that is new`, { cause, hint: 'Look at the log of kube-proxy there; pods are not ended while requests would go on to them.' });
  });
}
