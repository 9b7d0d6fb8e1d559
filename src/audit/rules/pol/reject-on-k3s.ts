/** FL-POL-013. */
import { node, policy } from '../../examples.ts';
import { networkPolicies } from '../../policies.ts';
import type { Rule } from '../../rule.ts';

export const rejectOnK3s: Rule = {
  id: 'FL-POL-013',
  title: "K3s' own controller enforces policies, and refuses what it denies",
  severity: 'info',
  faults: ['P2'],
  looksAt: "NetworkPolicies on K3s with Flannel where its own policy controller (kube-router) is on, as it is by default.",
  why: 'A denied connection reads `connection refused`, like a port that nobody listens on, because kube-router rejects with ICMP port unreachable. After a change to Calico or Cilium the same denial reads `i/o timeout`. Neither means that the application is down.',
  fix: [{ what: 'To tell the two apart: a TCP reset is the application, ICMP type 3 code 3 is the policy.', command: "tcpdump -ni any 'icmp[0]=3 and icmp[1]=3'" }],
  refs: ['k3s#1308', 'k3s-io/docs#140'],
  check(view) {
    const policies = networkPolicies(view);
    const { enforcer } = view.picture;
    if (policies.length === 0 || enforcer?.value !== 'kube-router') return { skip: "K3s' own policy controller does not enforce NetworkPolicies here" };
    return [{
      subjects: ['cluster'],
      summary: `${policies.length} NetworkPolicies are enforced by kube-router inside K3s, which rejects what they deny`,
      evidence: [view.derived('who enforces policies', enforcer.evidence)],
    }];
  },
  bad: [node('n1', { args: [] }), policy('p', { podSelector: {} })],
  good: [node('n1', { args: ['--disable-network-policy'] }), policy('p', { podSelector: {} })],
};
