/** FL-POL-012. */
import { policy } from '../../examples.ts';
import { directionsOf, networkPolicies } from '../../policies.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const inertSection: Rule = {
  id: 'FL-POL-012',
  title: 'A policy has rules for a direction that it does not isolate',
  severity: 'warning',
  faults: [],
  looksAt: 'policyTypes against the sections ingress and egress; and `egress: []` without policyTypes, which isolates nothing.',
  why: 'The section has no effect: what it should restrict is open.',
  fix: [{ what: 'Name both directions.', command: 'policyTypes: [Ingress, Egress]' }],
  refs: ['k8s.io/api networking/v1'],
  check(view) {
    const policies = networkPolicies(view);
    if (policies.length === 0) return { skip: 'there are no NetworkPolicies in the snapshot' };
    return policies.flatMap((one) => {
      const { ingress, egress } = directionsOf(one);
      const inert = [...(!ingress && one.spec?.ingress !== undefined && one.spec.ingress.length > 0 ? ['ingress'] : []), ...(!egress && one.spec?.egress !== undefined ? ['egress'] : [])];
      return inert.length === 0 ? [] : [{
        subjects: [subjectOf(one)],
        summary: `NetworkPolicy ${one.metadata.namespace ?? ''}/${one.metadata.name} has a section ${inert.join(' and ')} that has no effect`,
        evidence: [
          view.seen(one, 'spec.policyTypes', one.spec?.policyTypes ?? 'not set'),
          view.seen(one, `spec.${inert[0] ?? ''}`, inert[0] === 'ingress' ? one.spec?.ingress : one.spec?.egress),
        ],
      }];
    });
  },
  bad: [policy('p', { podSelector: {}, policyTypes: ['Ingress'], egress: [{ to: [{ podSelector: {} }] }] })],
  good: [policy('p', { podSelector: {}, policyTypes: ['Ingress', 'Egress'], egress: [{ to: [{ podSelector: {} }] }] })],
};
