/** FL-CIDR-002. */
import { textContains } from '../../../net/range.ts';
import { configMap, object } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

export const partsDisagree: Rule = {
  id: 'FL-CIDR-002',
  title: 'Parts of the control plane have different cluster CIDRs',
  severity: 'warning',
  faults: ['C1'],
  looksAt: 'The pod range that kubeadm-config, kube-proxy, the controller manager and K3s have, pairwise: one must contain the other.',
  why: "The controller manager gives nodes ranges that kube-proxy takes for outside: pod→Service traffic is masqueraded, pods' addresses are lost, and policies that select pods refuse it.",
  fix: [
    { what: "Give kube-proxy the controller manager's range and restart it.", command: 'kubectl -n kube-system edit configmap kube-proxy   # clusterCIDR\nkubectl -n kube-system rollout restart daemonset kube-proxy' },
  ],
  refs: ['k8s#71249'],
  check(view) {
    const ranges = view.ranges('pod', 'distribution', 'kubeadm', 'kube-proxy', 'controller-manager');
    const parts = Map.groupBy(ranges, ({ by }) => by);
    if (parts.size < 2) return { skip: 'only one part of the control plane says what its cluster CIDR is' };
    const [first, ...others] = [...parts.values()];
    const odd = others.filter((other) => !other.every((one) => first?.some(({ range, }) => textContains(range, one.range) || textContains(one.range, range))));
    if (odd.length === 0) return [];
    return [{
      subjects: ['cluster'],
      summary: `the cluster CIDR is ${[...new Set(ranges.map(({ range }) => range))].join(' in one place and ')} in another`,
      evidence: ranges.map((one) => view.rangeSeen(one)),
    }];
  },
  bad: [
    configMap('kubeadm-config', { ClusterConfiguration: 'networking: {podSubnet: 10.244.0.0/16, serviceSubnet: 10.96.0.0/12}' }),
    configMap('kube-proxy', { 'config.conf': 'clusterCIDR: 10.42.0.0/16' }),
  ],
  good: [
    configMap('kubeadm-config', { ClusterConfiguration: 'networking: {podSubnet: 10.244.0.0/16, serviceSubnet: 10.96.0.0/12}' }),
    configMap('kube-proxy', { 'config.conf': 'clusterCIDR: 10.244.0.0/16' }),
    object('v1', 'Pod', 'kube-controller-manager-n1', { spec: { containers: [{ name: 'c', command: ['kube-controller-manager', '--cluster-cidr=10.244.0.0/16'] }] } }, 'kube-system', { labels: { component: 'kube-controller-manager' } }),
  ],
};
