/** FL-POL-002. */
import type { NetworkPolicy } from '../../../cluster/snapshot/typed.ts';
import { pod, policy } from '../../examples.ts';
import { networkPolicies, selectedPods } from '../../policies.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

/** Labels of pods that controllers make for a while: challenges of cert-manager, steps of workflows and pipelines, Jobs, Spark's executors. */
const FOR_A_WHILE = /^(acme\.cert-manager\.io|workflows\.argoproj\.io|tekton\.dev|batch\.kubernetes\.io)\/|^(job-name|controller-uid|spark-role)$/;

const keysOf = ({ spec }: NetworkPolicy): string[] => [...Object.keys(spec?.podSelector?.matchLabels ?? {}), ...(spec?.podSelector?.matchExpressions ?? []).map(({ key }) => key)];

export const selectsNothing: Rule = {
  id: 'FL-POL-002',
  title: 'A policy selects no pod',
  severity: 'warning',
  faults: [],
  looksAt: 'podSelector of every NetworkPolicy against the pods, and the templates of workloads, of its namespace. An empty selector in an empty namespace is not told; any other in a namespace without pods, and one for pods that controllers make for a while (of workflows, Jobs, challenges), is told for information.',
  why: 'The policy has no effect: what it should protect is open, or what it should allow is not.',
  fix: [{ what: 'Compare the labels.', command: 'kubectl -n NAMESPACE get pods --show-labels' }],
  refs: [],
  check(view) {
    const policies = networkPolicies(view);
    if (policies.length === 0) return { skip: 'there are no NetworkPolicies in the snapshot' };
    if (!view.index.complete('Pod')) return { unknown: 'no pods are in the snapshot' };
    return policies.filter((one) => {
      const selector = one.spec?.podSelector ?? {};
      if (Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0) return false;
      const templated = [...view.workloads(), ...view.index.objects('CronJob'), ...view.index.objects('Job')].some((workload) => workload.metadata.namespace === one.metadata.namespace && Object.entries(selector.matchLabels ?? {}).every(([key, value]) => JSON.stringify(workload['spec'] ?? {}).includes(`${JSON.stringify(key)}:${JSON.stringify(value)}`)));
      return selectedPods(view, one).length === 0 && !templated;
    }).map((one) => ({
      subjects: [subjectOf(one)],
      severity: view.podsOf(one.metadata.namespace ?? '', {}).length === 0 || keysOf(one).some((key) => FOR_A_WHILE.test(key)) ? 'info' as const : 'warning' as const,
      summary: `NetworkPolicy ${one.metadata.namespace ?? ''}/${one.metadata.name} selects none of the ${view.podsOf(one.metadata.namespace ?? '', {}).length} pods of its namespace`,
      evidence: [view.seen(one, 'spec.podSelector', one.spec?.podSelector)],
    }));
  },
  bad: [policy('web', { podSelector: { matchLabels: { app: 'webb' } } }), pod('a', { labels: { app: 'web' } })],
  good: [policy('web', { podSelector: { matchLabels: { app: 'web' } } }), pod('a', { labels: { app: 'web' } })],
};
