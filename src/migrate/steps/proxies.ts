/** Proof that every node's service proxy follows the API server, by a Service that exists for nothing else. */
import { randomInt } from 'node:crypto';
import { isReady, type NodeObject } from '../../cluster/objects.ts';
import { waitUntil } from '../../cluster/wait.ts';
import { EnvironmentError } from '../../core/errors.ts';
import { proxyKnows } from '../../node/facts/service-proxy.ts';
import { waitOptions, type StepContext } from './context.ts';

const NAMESPACE = 'fairlead-system';
const NAME = 'fairlead-proxy-check';
/** TEST-NET-1 (RFC 5737): nobody's addresses. */
const NET = '192.0.2';
/** The discard port: nothing is ever sent there. */
const PORT = { name: 'check', port: 9, protocol: 'TCP' };
/**
 * How far a proxy may be behind. After an outage of the API server it tries again with pauses of up to 60 s (client-go
 * tools/cache/reflector.go: 800 ms, doubled each time up to 30 s, with a jitter of as much again).
 */
const TIMEOUT_MS = 150_000;

/** When proxies do not follow: a step fails before it ends a pod; what takes a step back must come to its end. */
type Otherwise = 'or fail' | 'or go on';

const ref = (apiVersion: string, kind: string): { apiVersion: string; kind: string; namespace: string; name: string } => ({ apiVersion, kind, namespace: NAMESPACE, name: NAME });
const service = ref('v1', 'Service');
const slice = ref('discovery.k8s.io/v1', 'EndpointSlice');

/**
 * Waits until the proxies of all Ready nodes know everything that the API server knew when this was called. A proxy that
 * is behind, as after an outage, goes on sending requests to a pod that is ended. Errors: with `or fail` EnvironmentError
 * naming the nodes whose proxies do not follow.
 */
export async function proxiesFollow(ctx: StepContext, otherwise: Otherwise): Promise<void> {
  const address = `${NET}.${randomInt(1, 255)}`;
  const metadata = { name: NAME, namespace: NAMESPACE };
  try {
    await ctx.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
    await ctx.cluster.apply({ apiVersion: service.apiVersion, kind: service.kind, metadata, spec: { ports: [PORT] } }, { force: true });
    // Watches of one kind tell of changes in their order: a proxy that knows this slice knows all earlier ones.
    await ctx.cluster.apply({
      apiVersion: slice.apiVersion, kind: slice.kind, metadata: { ...metadata, labels: { 'kubernetes.io/service-name': NAME, 'endpointslice.kubernetes.io/managed-by': 'fairlead' } },
      addressType: 'IPv4', ports: [PORT], endpoints: [{ addresses: [address], conditions: { ready: true } }],
    }, { force: true });
    await allKnow(ctx, address, otherwise);
  } finally {
    // What cannot be removed now the next check uses, and undoing the step removes.
    await removeProxyCheck(ctx).catch((error: unknown) => {
      if (!(error instanceof EnvironmentError)) throw error;
    });
  }
}

/** Takes away what a check that was cut short has left. */
export async function removeProxyCheck(ctx: StepContext): Promise<void> {
  await ctx.cluster.delete(slice);
  await ctx.cluster.delete(service);
}

async function allKnow(ctx: StepContext, address: string, otherwise: Otherwise): Promise<void> {
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
    if (otherwise === 'or go on') return;
    throw new EnvironmentError(`the service proxy of ${behind.join(', ')} does not follow the API server: after ${TIMEOUT_MS / 1000} s it does not know an endpoint that is new`, { cause, hint: 'Look at the log of kube-proxy there; pods are not ended while requests would go on to them.' });
  });
}
