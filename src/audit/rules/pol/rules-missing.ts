/** FL-POL-015. */
import { filterTable, host, node, policy } from '../../examples.ts';
import { networkPolicies } from '../../policies.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const rulesMissing: Rule = {
  id: 'FL-POL-015',
  title: "K3s should enforce policies, and a node has no rules for them",
  severity: 'error',
  faults: ['P8'],
  looksAt: "Chains KUBE-ROUTER-… in the packet filter of each host, where K3s' own policy controller is on and NetworkPolicies exist.",
  why: 'On that node everything is open, after a restart of the container or the machine that K3s did not notice.',
  fix: [{ what: 'Restart the node service.', command: 'systemctl restart k3s-agent   # k3s on servers' }],
  refs: ['k3d#1513'],
  check(view) {
    if (view.picture.enforcer?.value !== 'kube-router' || networkPolicies(view).length === 0) return { skip: "K3s' own policy controller has nothing to enforce here" };
    return perHost(view, (one) => {
      if (one.iptables === undefined) return undefined;
      const there = one.iptables.some(({ tables }) => tables.some(({ chains, counted }) => [...chains, ...Object.keys(counted)].some((name) => /^KUBE-(ROUTER|POD-FW|NWPLCY)-/.test(name))));
      return there ? undefined : {
        summary: `node ${one.node} has no chain of kube-router, although ${networkPolicies(view).length} NetworkPolicies are to be enforced`,
        evidence: [
          view.onHost(one, 'iptables-save', `${one.iptables.reduce((sum, { tables }) => sum + tables.reduce((all, { chains }) => all + chains.length, 0), 0)} chains, none of them KUBE-ROUTER-…`),
          view.derived('who enforces policies', view.picture.enforcer?.evidence ?? ''),
        ],
      };
    });
  },
  bad: [
    node('n1', { args: [] }),
    policy('p', { podSelector: {} }),
    host('n1', { iptables: [{ family: 4, backend: 'nft', tables: [filterTable({ chains: ['KUBE-FORWARD'] })] }] }),
  ],
  good: [
    node('n1', { args: [] }),
    policy('p', { podSelector: {} }),
    host('n1', { iptables: [{ family: 4, backend: 'nft', tables: [filterTable({ chains: ['KUBE-ROUTER-INPUT', 'KUBE-ROUTER-FORWARD'] })] }] }),
  ],
};
