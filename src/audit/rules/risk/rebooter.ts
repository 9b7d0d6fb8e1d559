/** FL-RISK-006. */
import { workload } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

const REBOOTERS = /(^|\/)(kured|system-upgrade-controller|kubereboot\/kured|flatcar-linux-update-operator|karpenter\/controller|cluster-autoscaler)(:|@|$)/;

export const rebooter: Rule = {
  id: 'FL-RISK-006',
  title: 'Something restarts or removes nodes by itself',
  severity: 'info',
  faults: [],
  looksAt: 'kured, the system-upgrade-controller, update operators and autoscalers, by image.',
  why: 'A node that restarts in the middle of a change of CNI comes up with half of the old one; a node that joins has none of the preparations.',
  fix: [
    { what: 'Stop it for the time of the change.', command: 'kubectl -n kube-system annotate daemonset kured weave.works/kured-node-lock=\'{"nodeID":"fairlead"}\'\nkubectl -n system-upgrade scale deployment system-upgrade-controller --replicas=0' },
  ],
  refs: ['migration hazards H14 and H15'],
  check(view) {
    const found = view.workloads().filter(({ spec }) => (spec?.replicas ?? 1) > 0 && spec?.template?.spec?.containers?.some(({ image = '' }) => REBOOTERS.test(image)) === true);
    return found.map((one) => ({
      subjects: [subjectOf(one)],
      summary: `${one.kind} ${one.metadata.namespace ?? ''}/${one.metadata.name} restarts or removes nodes by itself`,
      evidence: [view.seen(one, 'spec.template.spec.containers', (one.spec?.template?.spec?.containers ?? []).map(({ image }) => image).join(', '))],
    }));
  },
  bad: [workload('DaemonSet', 'kured', 'ghcr.io/kubereboot/kured:1.19.0')],
  good: [workload('DaemonSet', 'node-exporter', 'quay.io/prometheus/node-exporter:v1.9.0')],
};
