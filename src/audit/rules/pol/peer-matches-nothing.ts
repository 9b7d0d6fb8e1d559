/** FL-POL-010. */
import type { NetworkPolicy, PolicyPeer } from '../../../cluster/snapshot/typed.ts';
import { pod, policy } from '../../examples.ts';
import { meantAsOne, networkPolicies, peerIsPod, selectedPods } from '../../policies.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

/** Without what FL-POL-005 tells. */
const judged = (list: readonly PolicyPeer[]): PolicyPeer[] => list.filter((one) => one !== meantAsOne(list)?.pods);

const peersOf = ({ spec }: NetworkPolicy): { peer: PolicyPeer; where: string }[] => [
  ...(spec?.ingress ?? []).flatMap(({ from = [] }) => judged(from).map((peer) => ({ peer, where: 'ingress' }))),
  ...(spec?.egress ?? []).flatMap(({ to = [] }) => judged(to).map((peer) => ({ peer, where: 'egress' }))),
];

export const peerMatchesNothing: Rule = {
  id: 'FL-POL-010',
  title: 'A rule of a policy lets nobody through',
  severity: 'warning',
  faults: [],
  looksAt: 'Peers with selectors, of policies that select pods: one that matches no pod of the cluster allows nothing. Told only when pods of workloads are all there.',
  why: 'Whoever should be let through is not: a timeout, or `connection refused` on K3s. Labels of a namespace are the usual cause; kubernetes.io/metadata.name is always there.',
  fix: [{ what: 'Compare the labels of namespaces and pods.', command: 'kubectl get namespaces --show-labels\nkubectl get pods -A --show-labels' }],
  refs: [],
  check(view) {
    const policies = networkPolicies(view);
    if (policies.length === 0) return { skip: 'there are no NetworkPolicies in the snapshot' };
    if (!view.index.complete('Pod')) return { unknown: 'no pods are in the snapshot' };
    return policies.filter((one) => selectedPods(view, one).length > 0).flatMap((one) => peersOf(one).filter(({ peer }) => peer.ipBlock === undefined && Object.keys({ ...peer.podSelector?.matchLabels, ...peer.namespaceSelector?.matchLabels }).length > 0 && !view.pods.some((each) => peerIsPod(view, one.metadata.namespace ?? '', peer, each))).map(({ peer, where }) => ({
      subjects: [subjectOf(one)], summary: `a rule for ${where} of NetworkPolicy ${one.metadata.namespace ?? ''}/${one.metadata.name} matches no pod`, evidence: [view.seen(one, `spec.${where}`, peer)],
    })));
  },
  bad: [
    pod('a'),
    policy('p', { podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }] }] }),
    pod('prom', { namespace: 'monitoring' }),
  ],
  good: [
    pod('a'),
    policy('p', { podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }] }] }),
    pod('prom', { namespace: 'monitoring' }),
  ],
};
