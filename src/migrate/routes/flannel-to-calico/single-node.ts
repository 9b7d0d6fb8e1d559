/** What must hold where all pods of a cluster stop at once, because there is no second node to go to. */
import type { Cluster } from '../../../cluster/client.ts';
import type { KubeObject, PodObject } from '../../../cluster/objects.ts';
import { noBarePods } from '../../steps/drain-checks.ts';
import { controllerOf, describePod, onPodNetwork } from '../../steps/pods.ts';
import type { Precondition } from '../../types.ts';

export interface SingleNodeView {
  pods: PodObject[];
  /** Admission webhooks of both kinds. */
  webhooks: KubeObject[];
}

const ADMISSION = 'admissionregistration.k8s.io/v1';

/** Reads what `singleNodeChecks` judges. */
export async function surveySingleNode(cluster: Cluster): Promise<SingleNodeView> {
  const [pods, validating, mutating] = await Promise.all([
    cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod' }),
    cluster.list({ apiVersion: ADMISSION, kind: 'ValidatingWebhookConfiguration' }),
    cluster.list({ apiVersion: ADMISSION, kind: 'MutatingWebhookConfiguration' }),
  ]);
  return { pods, webhooks: [...validating, ...mutating] };
}

/** Judges it: pure. Pods of the host's network are not restarted and not asked for. */
export function singleNodeChecks({ pods, webhooks }: SingleNodeView): Precondition[] {
  const restarted = onPodNetwork(pods);
  const local = restarted.flatMap((pod) => localState(pod).map((volume) => `${describePod(pod)} (emptyDir ${volume})`));
  const deaf = webhooks.flatMap(webhooksInTheWay);
  return [
    // Unknown is no refusal, but it is said: nothing that a gate could judge comes from a second node.
    { id: 'between-nodes', title: 'Traffic between nodes is measured', verdict: 'unknown', expected: 'two or more nodes', observed: 'one node: nothing is measured of pod-to-pod, long-lived and denied traffic, and no gate judges it' },
    noBarePods(restarted),
    check('state-stays', 'No stateful pod of the only node keeps its data in the pod itself', local, 'no StatefulSet with an emptyDir on disk', 'that volume is empty after the restart: save its data, or put it on a PersistentVolume'),
    check('pods-are-admitted', 'Pods can be created while no pod runs', deaf, 'no admission webhook that pods depend on and that is a pod itself', 'the webhook has no backend while all pods stop, so not even its own pod could be created: set its failurePolicy to Ignore until the migration is over'),
  ];
}

function check(id: string, title: string, found: readonly string[], expected: string, fix: string): Precondition {
  return found.length === 0 ? { id, title, verdict: 'pass', expected, observed: 'none in the way' } : { id, title, verdict: 'fail', expected, observed: found.toSorted().join(', '), fix };
}

/** Names of volumes that a pod calls state and that go with it. Other controllers' emptyDirs are scratch space, which a drain empties as well. */
function localState(pod: PodObject): string[] {
  if (controllerOf(pod)?.kind !== 'StatefulSet') return [];
  const volumes = (pod.spec['volumes'] ?? []) as { name: string; emptyDir?: { medium?: string } }[];
  return volumes.filter((volume) => volume.emptyDir !== undefined && volume.emptyDir.medium !== 'Memory').map((volume) => volume.name);
}

interface Webhook {
  name: string;
  failurePolicy?: string;
  clientConfig?: { service?: { namespace: string; name: string } };
  rules?: { apiGroups?: string[]; operations?: string[]; resources?: string[] }[];
}

/** Webhooks of one configuration that must answer before a pod is created and that a Service of the cluster serves. */
function webhooksInTheWay({ metadata, ...configuration }: KubeObject): string[] {
  return ((configuration['webhooks'] ?? []) as Webhook[])
    .filter(({ failurePolicy = 'Fail', clientConfig, rules = [] }) => failurePolicy === 'Fail' && clientConfig?.service !== undefined && rules.some(matchesNewPods))
    .map((webhook) => `${metadata.name}/${webhook.name}`);
}

function matchesNewPods({ apiGroups = [], operations = [], resources = [] }: NonNullable<Webhook['rules']>[number]): boolean {
  const any = (values: readonly string[], wanted: readonly string[]): boolean => values.some((value) => wanted.includes(value));
  return any(apiGroups, ['', '*']) && any(operations, ['CREATE', '*']) && any(resources, ['pods', '*', '*/*']);
}
