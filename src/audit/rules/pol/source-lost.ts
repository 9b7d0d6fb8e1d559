/** FL-POL-011. */
import { pod, policy, service } from '../../examples.ts';
import { isolating } from '../../policies.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';
import { textContains } from '../../../net/range.ts';

export const sourceLost: Rule = {
  id: 'FL-POL-011',
  title: "A policy allows clients by address, and the Service hides their addresses",
  severity: 'warning',
  faults: [],
  looksAt: 'NodePort and LoadBalancer Services with externalTrafficPolicy Cluster whose pods are isolated by policies that allow outside clients only by an ipBlock without the nodes in it.',
  why: 'With Cluster the first node masquerades: the pod sees a node\'s address, and the rule for the client\'s never matches. Clients time out, or get through by the one node where the pod runs.',
  fix: [
    { what: "Keep the client's address.", command: "kubectl -n NAMESPACE patch service NAME -p '{\"spec\":{\"externalTrafficPolicy\":\"Local\"}}'" },
    { what: 'Or filter at the load balancer (spec.loadBalancerSourceRanges), and allow the nodes in the policy.' },
  ],
  refs: ['kubernetes.io: preserving the client source IP'],
  check(view) {
    const services = view.services.filter(({ spec }) => (spec?.type === 'LoadBalancer' || spec?.type === 'NodePort') && spec.externalTrafficPolicy !== 'Local');
    if (services.length === 0) return { skip: 'no Service for outside clients hides their addresses' };
    if (!view.index.complete('Pod')) return { unknown: 'no pods are in the snapshot' };
    const nodeAddresses = view.nodes.flatMap((one) => view.addressOf(one) ?? []);
    return services.flatMap((one) => {
      const [target] = view.backends(one);
      const policies = target === undefined ? [] : isolating(view, target, 'ingress');
      const rules = policies.flatMap(({ spec }) => spec?.ingress ?? []);
      const open = rules.some(({ from = [] }) => from.length === 0);
      const blocks = rules.flatMap(({ from = [] }) => from).flatMap(({ ipBlock }) => ipBlock?.cidr ?? []);
      const coversNodes = blocks.some((cidr) => cidr.endsWith('/0') || (nodeAddresses.length > 0 && nodeAddresses.every((ip) => textContains(cidr, ip))));
      if (policies.length === 0 || open || blocks.length === 0 || coversNodes) return [];
      return [{
        subjects: [subjectOf(one), ...policies.map(subjectOf)],
        summary: `policies allow ${blocks.join(', ')} to the pods of Service ${one.metadata.namespace ?? ''}/${one.metadata.name}, whose externalTrafficPolicy is Cluster`,
        evidence: [
          view.seen(one, 'spec.externalTrafficPolicy', one.spec?.externalTrafficPolicy ?? 'not set, so Cluster'),
          ...policies.map((each) => view.seen(each, 'spec.ingress', each.spec?.ingress)),
        ],
      }];
    });
  },
  bad: [
    pod('a'),
    service('web', { type: 'LoadBalancer', externalTrafficPolicy: 'Cluster' }),
    policy('office', { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }] }),
  ],
  good: [
    pod('a'),
    service('web', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }),
    policy('office', { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }] }),
  ],
};
