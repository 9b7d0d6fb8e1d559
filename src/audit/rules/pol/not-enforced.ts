/** FL-POL-001. */
import { flannelDaemonSet, node, policy } from '../../examples.ts';
import { networkPolicies } from '../../policies.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const notEnforced: Rule = {
  id: 'FL-POL-001',
  title: 'There are NetworkPolicies, and nothing enforces them',
  severity: 'error',
  faults: ['P1'],
  looksAt: "NetworkPolicies where only Flannel runs, or where K3s' own policy controller is turned off (disable-network-policy on its servers) and no CNI that enforces them runs.",
  why: 'Everything is open, whatever the YAML says. After a change to Calico or Cilium all of these policies apply at once, and connections that nobody knew to be forbidden time out.',
  fix: [
    { what: "On K3s: turn its own controller on again.", command: 'sed -i /disable-network-policy/d /etc/rancher/k3s/config.yaml /etc/rancher/k3s/config.yaml.d/*.yaml; systemctl restart k3s   # on each server' },
    { what: 'Before a change of CNI: check each policy, since all will count.' },
  ],
  refs: ['kubernetes.io: network policies, prerequisites', 'k3s#1308'],
  check(view) {
    const policies = networkPolicies(view);
    if (policies.length === 0) return { skip: 'there are no NetworkPolicies in the snapshot' };
    const { enforcer } = view.picture;
    if (enforcer === undefined) return { unknown: 'nothing in the snapshot says who enforces policies' };
    return enforcer.value !== 'none' ? [] : [{
      subjects: policies.map(subjectOf),
      summary: `${policies.length} NetworkPolic${policies.length === 1 ? 'y is' : 'ies are'} enforced by nobody`,
      evidence: [view.derived('who enforces policies', enforcer.evidence, 'observed'), ...policies.slice(0, 2).map((one) => view.seen(one, '', 'is there'))],
    }];
  },
  bad: [node('n1', { podCIDR: '10.244.0.0/24' }), flannelDaemonSet(), policy('deny', { podSelector: {}, policyTypes: ['Ingress'] })],
  good: [node('n1', { args: [] }), policy('deny', { podSelector: {}, policyTypes: ['Ingress'] })],
};
