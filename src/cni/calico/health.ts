/** Whether Calico lives on a node: connectivity alone does not tell, since routes and rules survive a dead Felix. */
import type { Cluster } from '../../cluster/client.ts';
import { isReady, type PodObject } from '../../cluster/objects.ts';
import { findPrograms } from '../../node/facts/programs.ts';
import type { NodeShell } from '../../node/shell.ts';
import { calicoNamespace } from './version.ts';

/** Felix' health endpoint (felix: HealthHost, HealthPort). It says 200 once the data plane is in sync, 503 otherwise. */
const readinessUrl = 'http://127.0.0.1:9099/readiness';
/** For hosts without curl and wget: a constant script, no data is put into it. */
const bashScript = 'exec 3<>/dev/tcp/127.0.0.1/9099 && printf "GET /readiness HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n" >&3 && head -n 1 <&3';

export interface FelixHealth {
  ready: boolean;
  /** What was asked and answered. */
  evidence: string;
}

/** Asks Felix on the node itself. `undefined` when the node has no program to ask with. */
export async function felixHealth(shell: NodeShell): Promise<FelixHealth | undefined> {
  const found = await findPrograms(shell, ['curl', 'wget', 'bash']);
  const [curl, wget, bash] = [found.get('curl'), found.get('wget'), found.get('bash')];
  if (curl !== undefined) {
    const result = await shell.run([curl, '-s', '-o', '/dev/null', '-m', '5', '-w', '%{http_code}', readinessUrl]);
    return judge(result.stdout === '200' || result.stdout === '204', result.stdout === '000' ? 'no answer' : `HTTP ${result.stdout}`);
  }
  if (wget !== undefined) {
    const result = await shell.run([wget, '-q', '-O', '/dev/null', '-T', '5', readinessUrl]);
    return judge(result.code === 0, result.code === 0 ? 'HTTP 200' : `wget ended with status ${result.code}`);
  }
  if (bash !== undefined) {
    const result = await shell.run([bash, '-c', bashScript], { timeoutMs: 5000 });
    const status = /^HTTP\/\S+ (\d+)/.exec(result.stdout)?.[1];
    return judge(status === '200' || status === '204', status === undefined ? 'no answer' : `HTTP ${status}`);
  }
  return undefined;
}

function judge(ready: boolean, answer: string): FelixHealth {
  return { ready, evidence: `${readinessUrl}: ${answer}` };
}

/** The calico-node pod of a node, as the kubelet's probes judge it; `ready: false` with the reason when there is none, or it is on its way out. */
export async function calicoNodePod(cluster: Cluster, node: string): Promise<FelixHealth & { pod?: PodObject }> {
  const pods = await cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace: calicoNamespace, labelSelector: 'k8s-app=calico-node', fieldSelector: `spec.nodeName=${node}` });
  const pod = pods.find((candidate) => candidate.metadata.deletionTimestamp === undefined);
  if (pod === undefined) return { ready: false, evidence: `no calico-node pod on node ${node}` };
  if (isReady(pod)) return { ready: true, evidence: `Pod ${pod.metadata.name} is Ready`, pod };
  const statuses = [...((pod.status as { initContainerStatuses?: ContainerStatus[] } | undefined)?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const why = statuses.flatMap((status) => Object.values(status.state ?? {}).flatMap((state) => (state.reason === undefined || state.reason === 'Completed' ? [] : [`${status.name}: ${state.reason}${state.message === undefined ? '' : ` (${state.message})`}`])));
  const restarts = statuses.reduce((sum, status) => sum + status.restartCount, 0);
  return { ready: false, evidence: `Pod ${pod.metadata.name} is ${pod.status?.phase ?? 'unknown'} and not Ready; ${why.join(', ') || 'no reason given'}; ${restarts} restarts`, pod };
}

type ContainerStatus = NonNullable<NonNullable<PodObject['status']>['containerStatuses']>[number];
