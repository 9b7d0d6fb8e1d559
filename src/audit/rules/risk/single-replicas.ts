/** FL-RISK-004. */
import { service, workload } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const singleReplicas: Rule = {
  id: 'FL-RISK-004',
  title: 'Services have a single pod',
  severity: 'info',
  faults: [],
  looksAt: 'Deployments and StatefulSets with one replica behind a Service.',
  why: 'While the pod moves to another node, nobody serves: seconds for small images, minutes for model servers that load first.',
  fix: [{ what: 'Two replicas for the time of the change.', command: 'kubectl -n NAMESPACE scale deployment NAME --replicas=2' }],
  refs: ['migration hazards H17'],
  check(view) {
    const single = view.workloads().filter((one) => one.kind !== 'DaemonSet' && (one.spec?.replicas ?? 1) === 1);
    const served = single.filter((one) => view.services.some(({ metadata, spec }) => metadata.namespace === one.metadata.namespace && Object.keys(spec?.selector ?? {}).length > 0 && Object.entries(spec?.selector ?? {}).every(([key, value]) => one.spec?.template?.metadata?.labels?.[key] === value)));
    return served.length === 0 ? [] : [{
      subjects: served.map(subjectOf),
      summary: `${served.length} workload${served.length === 1 ? '' : 's'} behind Services ${served.length === 1 ? 'has' : 'have'} one pod`,
      evidence: served.slice(0, 3).map((one) => view.seen(one, 'spec.replicas', String(one.spec?.replicas ?? 'not set, so 1'))),
    }];
  },
  bad: [workload('Deployment', 'web', 'web:1', { namespace: 'app', replicas: 1, podLabels: { app: 'a' } }), service('web', {})],
  good: [workload('Deployment', 'web', 'web:1', { namespace: 'app', replicas: 2, podLabels: { app: 'a' } }), service('web', {})],
};
