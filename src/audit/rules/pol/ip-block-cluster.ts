/** FL-POL-006. */
import type { NetworkPolicy } from '../../../cluster/snapshot/typed.ts';
import { textContains, textsOverlap } from '../../../net/range.ts';
import { node, pod, policy } from '../../examples.ts';
import { networkPolicies } from '../../policies.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

const blocksOf = ({ spec }: NetworkPolicy): { cidr: string; where: string }[] => [
  ...(spec?.ingress ?? []).flatMap(({ from = [] }) => from).flatMap(({ ipBlock }) => (ipBlock?.cidr === undefined ? [] : [{ cidr: ipBlock.cidr, where: 'ingress' }])),
  ...(spec?.egress ?? []).flatMap(({ to = [] }) => to).flatMap(({ ipBlock }) => (ipBlock?.cidr === undefined ? [] : [{ cidr: ipBlock.cidr, where: 'egress' }])),
];

export const ipBlockCluster: Rule = {
  id: 'FL-POL-006',
  title: 'An ipBlock means pods or Services of the cluster itself',
  severity: 'warning',
  faults: ['P6'],
  looksAt: 'ipBlocks of policies that lie inside the range of pods or Services. 0.0.0.0/0 and other wide ranges, which only contain them, are not meant.',
  why: "A Service's address is compared before or after NAT as the CNI pleases: with Calico and kube-router a rule for 10.43.0.0/16 never matches, because the packet already has the pod's address. Cilium compares ipBlocks with nothing inside the cluster, so a rule for pod addresses matches no pod. And pod addresses change.",
  fix: [{ what: 'Use podSelector and namespaceSelector for what runs in the cluster.' }],
  refs: ['kubernetes.io: network policies', 'cilium#9209', 'cilium#35212'],
  check(view) {
    const policies = networkPolicies(view);
    if (policies.length === 0) return { skip: 'there are no NetworkPolicies in the snapshot' };
    const ranges = [...view.ranges('pod'), ...view.ranges('service')];
    if (ranges.length === 0) return { unknown: 'nothing in the snapshot says what the ranges of pods and Services are' };
    return policies.flatMap((one) => blocksOf(one).flatMap(({ cidr, where }) => {
      const hit = ranges.find(({ range }) => textContains(range, cidr) && textsOverlap(range, cidr));
      if (hit === undefined) return [];
      return [{
        subjects: [subjectOf(one)],
        summary: `NetworkPolicy ${one.metadata.namespace ?? ''}/${one.metadata.name} has ${cidr} for ${where}, which is inside ${hit.range}, the range of ${hit.use === 'pod' ? 'pods' : 'Services'}`,
        evidence: [view.seen(one, `spec.${where}`, `ipBlock ${cidr}`), view.rangeSeen(hit)],
      }];
    }));
  },
  bad: [node('n1', { args: [] }), pod('a'), policy('dns', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '10.43.0.10/32' } }] }] })],
  good: [
    node('n1', { args: [] }),
    pod('a'),
    policy('out', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }] }] }),
  ],
};
