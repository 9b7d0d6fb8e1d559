/** FL-CNI-014. */
import type { Condition, KubeObject } from '../../../cluster/objects.ts';
import { object } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const operatorDegraded: Rule = {
  id: 'FL-CNI-014',
  title: "Calico's operator does not get on",
  severity: 'error',
  faults: ['C1'],
  looksAt: 'Condition Degraded of every TigeraStatus and of the Installation.',
  why: 'The operator refuses every further change until it is resolved: updates of Calico and of its settings silently do nothing.',
  fix: [{ what: 'The message names the cause.', command: 'kubectl get tigerastatus -o yaml' }],
  refs: ['tigera/operator#1512', 'calico#13704'],
  check(view) {
    const all = [...view.index.objects('TigeraStatus'), ...view.index.objects('Installation')] as (KubeObject & { status?: { conditions?: Condition[] } })[];
    if (all.length === 0) return { skip: "Calico's operator is not in the snapshot" };
    return all.flatMap((one) => (one.status?.conditions ?? []).filter(({ type, status }) => type === 'Degraded' && status === 'True').map(({ reason = '', message = '' }) => ({
      subjects: [subjectOf(one)],
      summary: `${one.metadata.name} is degraded: ${message === '' ? reason : message}`,
      evidence: [view.seen(one, 'status.conditions Degraded', `${reason} ${message}`.trim())],
    })));
  },
  bad: [
    object('operator.tigera.io/v1', 'TigeraStatus', 'calico', { status: { conditions: [{ type: 'Degraded', status: 'True', reason: 'InvalidConfiguration', message: "IPPool 10.244.0.0/16 is not within the platform's configured pod network CIDR(s) [10.42.0.0/16]" }] } }, null),
  ],
  good: [
    object('operator.tigera.io/v1', 'TigeraStatus', 'calico', { status: { conditions: [{ type: 'Degraded', status: 'False' }, { type: 'Available', status: 'True' }] } }, null),
  ],
};
