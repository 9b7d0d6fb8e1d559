/** What stands in the way of draining nodes, known before any is drained. */
import type { Cluster } from '../../cluster/client.ts';
import { isReady, type KubeObject, type NodeObject, type PodObject } from '../../cluster/objects.ts';
import { selects, type LabelSelector } from '../../cluster/selector.ts';
import type { Precondition } from '../types.ts';
import { refusedEvictions, type Refusal } from './dry-eviction.ts';
import { pinnedPods, type Pin } from './pinned.ts';
import { controllerOf, describePod, drainable } from './pods.ts';

/** What happens with pods that cannot run elsewhere: the node is not drained, or they are down until it is given back. */
export type PinnedPods = 'refuse' | 'stop';

export interface DrainView {
  /** Pods that a drain would move. */
  pods: PodObject[];
  pins: Pin[];
  refused: Refusal[];
  budgets: KubeObject[];
}

export interface DrainSurveyOptions {
  /** Only this node's pods. Default: those of all nodes. */
  node?: string;
  /** How long a refused eviction is asked for again, milliseconds. */
  patienceMs: number;
}

/** Pods that are tied to a node and would have to move: on it, or waiting for it. */
export async function readPins(cluster: Cluster, pods: readonly PodObject[]): Promise<Pin[]> {
  const [nodes, claims, volumes] = await Promise.all([
    cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' }),
    cluster.list({ apiVersion: 'v1', kind: 'PersistentVolumeClaim' }),
    cluster.list({ apiVersion: 'v1', kind: 'PersistentVolume' }),
  ]);
  return pinnedPods({ pods: drainable(pods), nodes, claims, volumes });
}

/** Reads what `drainChecks` judges; every eviction is asked for as a dry-run. Changes nothing. Errors: ApiError when asking is not permitted; UnreachableError. */
export async function surveyDrain(cluster: Cluster, { node, patienceMs }: DrainSurveyOptions): Promise<DrainView> {
  const [seen, budgets] = await Promise.all([
    cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod', ...(node === undefined ? {} : { fieldSelector: `spec.nodeName=${node}` }) }),
    cluster.list({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' }),
  ]);
  // Those that end already are nobody's to move.
  const pods = drainable(seen).filter((pod) => pod.spec.nodeName !== undefined && pod.metadata.deletionTimestamp === undefined);
  const [pins, refused] = await Promise.all([readPins(cluster, pods), refusedEvictions(cluster, pods, patienceMs)]);
  return { pods, pins, refused, budgets };
}

/** Judges it: pure. What is observed of a cluster that passes is the same every time: nothing in it counts or names pods. */
export function drainChecks({ pods, pins, refused, budgets }: DrainView, pinned: PinnedPods): Precondition[] {
  const blocked = [...byReason(refused), ...(pinned === 'stop' ? overdrawn(pins, budgets) : [])];
  return [
    noBarePods(pods),
    canMove(pins, pinned),
    noneFound({
      id: 'evictions-allowed', title: 'Every pod that must move may be evicted', found: blocked, expected: 'no eviction refused (dry-run)', observed: 'none refused',
      fix: 'give its workload another replica and wait until it is Ready, or relax its PodDisruptionBudget',
    }),
  ];
}

/** Pods without a controller, which nothing would start again. */
export function noBarePods(pods: readonly PodObject[]): Precondition {
  return noneFound({
    id: 'pods-come-back', title: 'Every pod has a controller that starts it again', found: pods.filter((pod) => controllerOf(pod) === undefined).map(describePod),
    expected: 'no pod without a controller', observed: 'none without',
    fix: 'a pod without a controller would be gone for good: delete it first, or put it into a Deployment or StatefulSet',
  });
}

/** What ties pods to each node, sorted; the same as long as the cluster is the same, whatever its pods are called. */
export function tiesByNode(pins: readonly Pin[]): { node: string; by: string }[] {
  const seen = new Map(pins.flatMap(({ node, by }) => by.map((name) => [`${node} ${name}`, { node, by: name }] as const)));
  return [...seen.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, tie]) => tie);
}

function canMove(pins: readonly Pin[], pinned: PinnedPods): Precondition {
  const ties = tiesByNode(pins).map(({ node, by }) => `${by} (${node})`).join(', ');
  const head = { id: 'pods-can-move', title: 'No volume or node selector ties a pod to its node' };
  if (ties === '') return { ...head, verdict: 'pass', expected: 'none', observed: 'none' };
  if (pinned === 'stop') return { ...head, title: 'Pods that are tied to their node may be down with it', verdict: 'pass', expected: 'accepted by --pinned-pods stop', observed: ties };
  return { ...head, verdict: 'fail', expected: 'none', observed: ties, fix: 'these pods cannot run elsewhere: move their data to a volume that can follow them, or accept with --pinned-pods stop that each is down until its node is given back' };
}

/** Evictions that were refused, each reason once with all its pods. */
function byReason(refused: readonly Refusal[]): string[] {
  const groups = Object.entries(Object.groupBy(refused, ({ said }) => said));
  return groups.map(([said, group = []]) => `${group.map(({ pod }) => describePod(pod)).toSorted().join(', ')}: ${said}`);
}

/** Budgets that allow one pod to be down, but not all that stay down together because they are tied to the same node. */
function overdrawn(pins: readonly Pin[], budgets: readonly KubeObject[]): string[] {
  return budgets.flatMap((budget) => {
    const { namespace = 'default', name } = budget.metadata;
    const { selector } = (budget['spec'] ?? {}) as { selector?: LabelSelector };
    const { disruptionsAllowed = 0 } = (budget['status'] ?? {}) as { disruptionsAllowed?: number };
    const covered = pins.filter(({ pod }) => pod.metadata.namespace === namespace && isReady(pod) && selects(selector, pod));
    // A budget that allows none refuses each of them by itself.
    const tooMany = Object.entries(Object.groupBy(covered, ({ node }) => node)).filter(([, group = []]) => disruptionsAllowed > 0 && group.length > disruptionsAllowed);
    return tooMany.map(([node, group = []]) => `${group.map(({ pod }) => describePod(pod)).toSorted().join(', ')}: all are tied to ${node} and down together, and budget ${namespace}/${name} allows only ${disruptionsAllowed}`);
  });
}

interface Looked {
  id: string;
  title: string;
  found: readonly string[];
  expected: string;
  /** What is said when nothing was found. */
  observed: string;
  fix: string;
}

function noneFound({ id, title, found, expected, observed, fix }: Looked): Precondition {
  return found.length === 0 ? { id, title, verdict: 'pass', expected, observed } : { id, title, verdict: 'fail', expected, observed: found.toSorted().join('; '), fix };
}
