/** FL-POL-005. */
import type { NetworkPolicy, PolicyPeer } from '../../../cluster/snapshot/typed.ts';
import { object, pod, policy } from '../../examples.ts';
import { meantAsOne, networkPolicies } from '../../policies.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';
import { selects } from '../../../cluster/selector.ts';

const listsOf = ({ spec }: NetworkPolicy): PolicyPeer[][] => [...(spec?.ingress ?? []).map(({ from = [] }) => from), ...(spec?.egress ?? []).map(({ to = [] }) => to)];

export const andOr: Rule = {
  id: 'FL-POL-005',
  title: 'A rule probably means "these pods of those namespaces", and says "or"',
  severity: 'warning',
  faults: ['P5'],
  looksAt: "A list of peers with a namespaceSelector in one item and a podSelector in another, whose podSelector matches no pod of the policy's own namespace.",
  why: 'Two items are two permissions: all pods of those namespaces may connect, and the other item matches nothing. The policy is wider than it looks.',
  fix: [{ what: 'Make it one item: leave out the hyphen before podSelector.', command: '- namespaceSelector: {…}\n  podSelector: {…}' }],
  refs: ['kubernetes.io: network policies, behavior of to and from selectors'],
  check(view) {
    const policies = networkPolicies(view);
    if (policies.length === 0) return { skip: 'there are no NetworkPolicies in the snapshot' };
    if (!view.index.complete('Pod')) return { unknown: 'no pods are in the snapshot' };
    return policies.flatMap((one) => listsOf(one).flatMap((list) => {
      const pair = meantAsOne(list);
      const local = pair === undefined ? [] : view.podsOf(one.metadata.namespace ?? '', pair.pods.podSelector);
      const elsewhere = pair === undefined ? [] : view.pods.filter((each) => selects(pair.pods.podSelector, each));
      if (pair === undefined || local.length > 0 || elsewhere.length === 0) return [];
      return [{
        subjects: [subjectOf(one)],
        summary: `in NetworkPolicy ${one.metadata.namespace ?? ''}/${one.metadata.name} the podSelector ${JSON.stringify(pair.pods.podSelector)} matches no pod of its own namespace, but ${elsewhere.length} of others`,
        evidence: [view.seen(one, 'spec', list)],
      }];
    }));
  },
  bad: [
    object('v1', 'Namespace', 'mon', {}, null, { labels: { team: 'mon' } }),
    pod('prom', { namespace: 'mon', labels: { app: 'prometheus' } }),
    pod('a'),
    policy('scrape', { podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'mon' } } }, { podSelector: { matchLabels: { app: 'prometheus' } } }] }] }),
  ],
  good: [
    object('v1', 'Namespace', 'mon', {}, null, { labels: { team: 'mon' } }),
    pod('prom', { namespace: 'mon', labels: { app: 'prometheus' } }),
    pod('a'),
    policy('scrape', { podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'mon' } }, podSelector: { matchLabels: { app: 'prometheus' } } }] }] }),
  ],
};
