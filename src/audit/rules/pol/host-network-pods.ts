/** FL-POL-009. */
import { pod, policy } from '../../examples.ts';
import { networkPolicies, selectedPods } from '../../policies.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const hostNetworkPods: Rule = {
  id: 'FL-POL-009',
  title: 'A policy selects pods on the host network, which it does not reach',
  severity: 'warning',
  faults: [],
  looksAt: 'Pods with hostNetwork that a NetworkPolicy with a selector of its own selects. Policies for the whole namespace are told only when it has no other pods.',
  why: 'Their traffic counts as that of the node: in most CNIs the policy does nothing for them, and as peers they match by the node\'s address alone.',
  fix: [{ what: "Protect them by the host's firewall, Calico's HostEndpoints or Cilium's host policies; allow them as peers by an ipBlock of the nodes." }],
  refs: ['kubernetes.io: network policies and hostNetwork pods'],
  check(view) {
    const policies = networkPolicies(view);
    if (policies.length === 0) return { skip: 'there are no NetworkPolicies in the snapshot' };
    if (!view.index.complete('Pod')) return { unknown: 'no pods are in the snapshot' };
    return policies.flatMap((one) => {
      const all = selectedPods(view, one);
      const host = all.filter(({ spec }) => spec?.hostNetwork === true);
      const wide = Object.keys(one.spec?.podSelector ?? {}).length === 0;
      if (host.length === 0 || (wide && host.length < all.length)) return [];
      return [{
        subjects: [subjectOf(one), ...host.map(subjectOf)],
        summary: `${host.length} of ${all.length} pods that NetworkPolicy ${one.metadata.namespace ?? ''}/${one.metadata.name} selects are on the host network`,
        evidence: [view.seen(one, 'spec.podSelector', one.spec?.podSelector), ...host.slice(0, 2).map((each) => view.seen(each, 'spec.hostNetwork', 'true'))],
      }];
    });
  },
  bad: [
    pod('exporter', { labels: { app: 'node-exporter' }, spec: { hostNetwork: true } }),
    policy('exporter', { podSelector: { matchLabels: { app: 'node-exporter' } }, ingress: [] }),
  ],
  good: [pod('exporter', { labels: { app: 'node-exporter' } }), policy('exporter', { podSelector: { matchLabels: { app: 'node-exporter' } }, ingress: [] })],
};
