/** Whether a lab's cluster is whole: what must be true after every row, whatever went wrong in it. */
import { Cluster } from '../../src/cluster/client.ts';
import { isReady, type KubeObject, type NodeObject, type PodObject } from '../../src/cluster/objects.ts';
import { waitUntil } from '../../src/cluster/wait.ts';
import { EnvironmentError } from '../../src/core/errors.ts';
import { outsideShell } from '../../src/lab/nodes/shell.ts';
import { labPaths } from '../../src/lab/paths.ts';
import { readState } from '../../src/lab/state.ts';

async function unready(cluster: Cluster): Promise<string[]> {
  const all = await cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' });
  const nodes = all.filter((node) => !isReady(node));
  const sets = [...(await cluster.list({ apiVersion: 'apps/v1', kind: 'Deployment' })), ...(await cluster.list({ apiVersion: 'apps/v1', kind: 'DaemonSet' }))].filter((object) => hasPlace(object, all) && !isWhole(object));
  const old = (await cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod' })).filter((pod) => pod.metadata.deletionTimestamp !== undefined && Date.parse(pod.metadata.deletionTimestamp) < Date.now() - 60_000);
  return [...nodes, ...sets, ...old].map((object) => `${object.kind} ${object.metadata.namespace === undefined ? '' : `${object.metadata.namespace}/`}${object.metadata.name}`);
}

/** Whether any node is one that its pods may run on: the new CNI's controllers wait for the first node that has moved. */
function hasPlace(object: KubeObject, nodes: readonly NodeObject[]): boolean {
  const { template } = (object['spec'] ?? {}) as { template?: { spec?: { nodeSelector?: Record<string, string> } } };
  return nodes.some((node) => Object.entries(template?.spec?.nodeSelector ?? {}).every(([label, value]) => node.metadata.labels?.[label] === value));
}

function isWhole(object: KubeObject): boolean {
  const { replicas = 1 } = (object['spec'] ?? {}) as { replicas?: number };
  const status = (object['status'] ?? {}) as { availableReplicas?: number; desiredNumberScheduled?: number; numberAvailable?: number };
  if (object.kind === 'Deployment') return (status.availableReplicas ?? 0) >= replicas;
  return (status.numberAvailable ?? 0) >= (status.desiredNumberScheduled ?? 0);
}

const ASK = `fetch(process.argv[1], { signal: AbortSignal.timeout(5000) }).then((answer) => { console.log(answer.status); process.exit(answer.ok ? 0 : 1); }, (error) => { console.log(String(error.cause ?? error)); process.exit(1); })`;

/** The shop's entry at every node's address, asked from outside. */
async function silentEntries(lab: string, cluster: Cluster): Promise<string[]> {
  const web = await cluster.get({ apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web' });
  const port = (web?.['spec'] as { ports?: { nodePort?: number }[] } | undefined)?.ports?.[0]?.nodePort;
  if (port === undefined) return ['the shop has no NodePort'];
  const asked = await Promise.all(readState(lab).nodes.map(async ({ name, address }) => {
    const { code, stdout } = await outsideShell(lab).run([process.execPath, '-e', ASK, `http://${address}:${port}/?nonce=sweep`]);
    return code === 0 ? [] : [`the shop does not answer at ${name}: ${stdout}`];
  }));
  return asked.flat();
}

/** Waits until all Nodes are Ready, all workloads have their replicas, no pod hangs in its end, and the shop answers at every node. Resolves what is not so at the deadline; empty when all is. */
export async function notGreen(lab: string, timeoutMs: number): Promise<string[]> {
  const cluster = await Cluster.connect({ kubeconfig: labPaths(lab).kubeconfig, patienceMs: 20_000 });
  let last: string[] = [];
  try {
    await waitUntil(async () => {
      last = [...(await unready(cluster)), ...(await silentEntries(lab, cluster))];
      return last.length === 0 ? true : undefined;
    }, { timeoutMs, intervalMs: 1000, what: 'the cluster to be whole' });
    return [];
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return last.length === 0 ? [error.message] : last;
  } finally {
    cluster.close();
  }
}
