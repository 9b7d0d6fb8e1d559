/** FL-CIDR-007. */
import { textContains } from '../../../net/range.ts';
import { ciliumAgent, configMap, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const ciliumOwnPool: Rule = {
  id: 'FL-CIDR-007',
  title: "Cilium gives addresses of a pool of its own, outside the cluster CIDR",
  severity: 'error',
  faults: ['C4'],
  looksAt: "cilium-config, or the values of K3s' HelmChart where that is not in the snapshot: with `ipam: cluster-pool` (Helm's default, 10.0.0.0/8) Cilium ignores the nodes' podCIDRs. Its pool must lie inside the cluster CIDR, and no node may be in it.",
  why: "Pods get 10.0.x.x although everything else believes in the cluster CIDR: kube-proxy masquerades them, firewalls that let the cluster CIDR through refuse them, and routes to a LAN in 10.0.0.0/8 break. Changing the value later does nothing: every CiliumNode keeps its range.",
  fix: [
    { what: 'For a new installation: let Kubernetes give the ranges.', command: 'helm upgrade cilium cilium/cilium --reuse-values --set ipam.mode=kubernetes' },
    { what: 'On a running cluster: node by node, drain, delete the CiliumNode, delete the device cilium_host, restart the agent.' },
  ],
  refs: ['cilium#13766', 'cilium#23872', 'cozystack#3740'],
  check(view) {
    const [pool] = view.ranges('pod', 'cilium');
    if (pool === undefined) return { skip: "Cilium's cluster-pool is not in use" };
    const subject = pool.object === undefined ? 'ConfigMap kube-system/cilium-config' : subjectOf(pool.object);
    const clusters = view.ranges('pod', 'distribution', 'kubeadm', 'kube-proxy', 'controller-manager');
    const inside = view.nodes.flatMap((one) => { const address = view.addressOf(one); return address !== undefined && textContains(pool.range, address) ? [{ one, address }] : []; });
    if (inside.length > 0) {
      return [{
        subjects: [subject, ...inside.map(({ one }) => `Node ${one.metadata.name}`)],
        summary: `Cilium's pool ${pool.range} holds the addresses of nodes (${inside.map(({ address }) => address).join(', ')})`,
        evidence: [view.rangeSeen(pool), ...inside.map(({ one, address }) => view.seen(one, 'status.addresses', address))],
      }];
    }
    if (clusters.length === 0) return { unknown: 'nothing in the snapshot says what the cluster CIDR is' };
    if (clusters.some(({ range }) => textContains(range, pool.range))) return [];
    return [{
      subjects: [subject],
      summary: `Cilium gives addresses of ${pool.range}, but the cluster CIDR is ${clusters[0]?.range ?? ''}`,
      evidence: [view.rangeSeen(pool), ...clusters.map((one) => view.rangeSeen(one))],
    }];
  },
  bad: [node('n1', { args: ['--flannel-backend', 'none'] }), ciliumAgent(), configMap('cilium-config', { ipam: 'cluster-pool', 'cluster-pool-ipv4-cidr': '10.0.0.0/8' })],
  good: [
    node('n1', { args: ['--flannel-backend', 'none'] }),
    ciliumAgent(),
    configMap('cilium-config', { ipam: 'cluster-pool', 'cluster-pool-ipv4-cidr': '10.42.0.0/16' }),
  ],
};
