/** FL-RISK-002. */
import { pod } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const barePods: Rule = {
  id: 'FL-RISK-002',
  title: 'Pods that nobody makes anew',
  severity: 'info',
  faults: [],
  looksAt: 'Running pods without a controller, but for static pods (whose owner is the node).',
  why: 'A drain refuses (`cannot delete Pods that declare no controller`), or deletes them for good.',
  fix: [{ what: 'Put them under a Deployment or a Job, or accept that they end.' }],
  refs: ['migration hazards H17'],
  check(view) {
    if (!view.index.complete('Pod')) return { unknown: 'no pods are in the snapshot' };
    const bare = view.pods.filter(({ metadata, status }) => status?.phase === 'Running' && (metadata.ownerReferences ?? []).length === 0);
    return bare.length === 0 ? [] : [{
      subjects: bare.map(subjectOf),
      summary: `${bare.length} pod${bare.length === 1 ? ' has' : 's have'} no controller`,
      evidence: bare.slice(0, 3).map((one) => view.seen(one, 'metadata.ownerReferences', 'none')),
    }];
  },
  bad: [pod('a', { owner: null })],
  good: [pod('a')],
};
