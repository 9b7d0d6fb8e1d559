/** Pods grouped to what a selector can name: the labels that all pods of a workload share, and no other pod has. */
import type { Labels, Pod, World } from '../world/world.ts';

export interface Selectable {
  /** `NAMESPACE/NAME[Kind]`; several where no label tells workloads apart. */
  names: string[];
  namespace: string;
  labels: Labels;
  pods: Pod[];
}

/** Labels that controllers give single pods, revisions or runs (kubernetes.io/docs/reference/labels-annotations-taints). */
const PASSING = new Set(['pod-template-hash', 'controller-revision-hash', 'pod-template-generation', 'statefulset.kubernetes.io/pod-name', 'apps.kubernetes.io/pod-index', 'controller-uid', 'batch.kubernetes.io/controller-uid', 'job-name', 'batch.kubernetes.io/job-name', 'batch.kubernetes.io/job-completion-index']);

function shared(pods: readonly Pod[]): Labels {
  const [first, ...rest] = pods;
  return Object.fromEntries(Object.entries(first?.labels ?? {}).filter(([key, value]) => !PASSING.has(key) && rest.every((pod) => pod.labels[key] === value)));
}

const matches = (labels: Labels, pod: Pod): boolean => Object.entries(labels).every(([key, value]) => pod.labels[key] === value);

/**
 * The selectable groups of all pods that policies can be about. Workloads whose labels also fit pods of another
 * are put together with it.
 */
export function selectables(world: World): Selectable[] {
  const pods = world.pods.filter((pod) => !pod.hostNetwork);
  let groups = [...Map.groupBy(pods, (pod) => pod.workload)].map(([name, members]): Selectable => ({ names: [name], namespace: members[0]!.namespace, labels: shared(members), pods: members }));
  for (;;) {
    const clash = groups.flatMap((one) => groups.filter((other) => other !== one && other.namespace === one.namespace && other.pods.some((pod) => matches(one.labels, pod))).map((other) => [one, other] as const))[0];
    if (clash === undefined) return groups;
    const members = [...clash[0].pods, ...clash[1].pods];
    groups = [...groups.filter((one) => !clash.includes(one)), { names: [...clash[0].names, ...clash[1].names], namespace: clash[0].namespace, labels: shared(members), pods: members }];
  }
}
