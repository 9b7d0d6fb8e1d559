/** FL-RISK-001. */
import type { KubeObject } from '../../../cluster/objects.ts';
import { object } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

interface Budget extends KubeObject { spec?: { minAvailable?: number | string; maxUnavailable?: number | string }; status?: { disruptionsAllowed?: number; currentHealthy?: number; desiredHealthy?: number; expectedPods?: number } }

export const budgetNoSlack: Rule = {
  id: 'FL-RISK-001',
  title: 'A disruption budget allows no eviction',
  severity: 'warning',
  faults: [],
  looksAt: 'status.disruptionsAllowed of every PodDisruptionBudget with pods; without a status, maxUnavailable 0 and minAvailable 100 %.',
  why: 'A drain waits for ever at `Cannot evict pod as it would violate the pod\'s disruption budget`: updates of nodes and migrations stop there.',
  fix: [{ what: 'More replicas, or a budget with slack.', command: 'kubectl -n NAMESPACE scale deployment NAME --replicas=2' }],
  refs: ['migration hazards H17'],
  check(view) {
    const budgets = view.index.objects<Budget>('PodDisruptionBudget');
    return budgets.filter(({ spec, status }) => (status?.expectedPods === undefined ? spec?.maxUnavailable === 0 || spec?.maxUnavailable === '0%' || spec?.minAvailable === '100%' : status.expectedPods > 0 && status.disruptionsAllowed === 0)).map((one) => ({
      subjects: [subjectOf(one)], summary: `PodDisruptionBudget ${one.metadata.namespace ?? ''}/${one.metadata.name} allows no eviction${one.status?.expectedPods === undefined ? '' : ` (${one.status.currentHealthy ?? 0} healthy, ${one.status.desiredHealthy ?? 0} wanted, ${one.status.expectedPods} pods)`}`,
      evidence: [view.seen(one, 'spec', one.spec), ...(one.status === undefined ? [] : [view.seen(one, 'status', one.status)])],
    }));
  },
  bad: [
    object('policy/v1', 'PodDisruptionBudget', 'db', { spec: { minAvailable: 1, selector: {} }, status: { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 } }),
  ],
  good: [
    object('policy/v1', 'PodDisruptionBudget', 'db', { spec: { minAvailable: 1, selector: {} }, status: { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 } }),
  ],
};
