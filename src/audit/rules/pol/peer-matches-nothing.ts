/** FL-POL-010. */
import type { NetworkPolicy, PolicyPeer } from '../../../cluster/snapshot/typed.ts';
import { pod, policy } from '../../examples.ts';
import { meantAsOne, networkPolicies, peerIsPod, selectedPods } from '../../policies.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

/** Without what FL-POL-005 tells. */
const judged = (list: readonly PolicyPeer[]): PolicyPeer[] => list.filter((one) => one !== meantAsOne(list)?.pods);

/** The peers of every rule that has some. */
const rulesOf = ({ spec }: NetworkPolicy): { peers: PolicyPeer[]; where: string }[] => [
  ...(spec?.ingress ?? []).map(({ from = [] }) => ({ peers: judged(from), where: 'ingress' })),
  ...(spec?.egress ?? []).map(({ to = [] }) => ({ peers: judged(to), where: 'egress' })),
];

const selecting = ({ ipBlock, podSelector, namespaceSelector }: PolicyPeer): boolean => ipBlock === undefined && Object.keys({ ...podSelector?.matchLabels, ...namespaceSelector?.matchLabels }).length > 0;

export const peerMatchesNothing: Rule = {
  id: 'FL-POL-010',
  title: 'A rule of a policy lets nobody through',
  severity: 'warning',
  faults: [],
  looksAt: 'The peers of each rule, of policies that select pods: when all of them are selectors and match no pod of the cluster, the rule allows nothing. A rule that names parts which are not installed beside others that are, as charts do, is not told.',
  why: 'Whoever should be let through is not: a timeout, or `connection refused` on K3s. Labels of a namespace are the usual cause; kubernetes.io/metadata.name is always there.',
  fix: [{ what: 'Compare the labels of namespaces and pods.', command: 'kubectl get namespaces --show-labels\nkubectl get pods -A --show-labels' }],
  refs: [],
  check(view) {
    const policies = networkPolicies(view);
    if (policies.length === 0) return { skip: 'there are no NetworkPolicies in the snapshot' };
    if (!view.index.complete('Pod')) return { unknown: 'no pods are in the snapshot' };
    return policies.filter((one) => selectedPods(view, one).length > 0).flatMap((one) => {
      const matches = (peer: PolicyPeer): boolean => view.pods.some((each) => peerIsPod(view, one.metadata.namespace ?? '', peer, each));
      return rulesOf(one).filter(({ peers }) => peers.length > 0 && peers.every((peer) => selecting(peer) && !matches(peer))).map(({ peers, where }) => ({
        subjects: [subjectOf(one)], summary: `a rule for ${where} of NetworkPolicy ${one.metadata.namespace ?? ''}/${one.metadata.name} matches no pod`, evidence: [view.seen(one, `spec.${where}`, peers)],
      }));
    });
  },
  bad: [
    pod('a'),
    policy('p', { podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }] }] }),
    pod('prom', { namespace: 'monitoring' }),
  ],
  good: [
    pod('a'),
    policy('p', { podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }, { podSelector: { matchLabels: { app: 'not-installed' } } }] }] }),
    pod('prom', { namespace: 'monitoring' }),
  ],
};
