/** FL-CIDR-001. */
import { textContains } from '../../../net/range.ts';
import { calicoNode, ipPool, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const poolOutsideClusterCidr: Rule = {
  id: 'FL-CIDR-001',
  title: "The CNI's address pool lies outside the cluster CIDR",
  severity: 'error',
  faults: ['C1'],
  looksAt: "Every enabled pool for pods (Calico's IPPools, Flannel's Network) must lie inside a cluster CIDR that K3s, kubeadm, kube-proxy or the controller manager has. The usual cases: a guide's 10.244.0.0/16 on K3s, whose default is 10.42.0.0/16, and Calico's default 192.168.0.0/16.",
  why: "kube-proxy takes pods outside its cluster CIDR for strangers and masquerades them, so that their addresses are lost: policies that select pods refuse traffic through Services across nodes (timeouts), and logs show node addresses. Calico's operator stops with `IPPool X is not within the platform's configured pod network CIDR(s)` and applies nothing any more.",
  fix: [
    { what: "Before pods use it: make a pool inside the cluster CIDR and disable the other one. CALICO_IPV4POOL_CIDR is read only while no pool exists, so changing it later does nothing.", command: `kubectl patch ippool NAME --type merge -p '{"spec":{"disabled":true}}'` },
    { what: 'Or install the cluster with the range that the pool has (K3s: --cluster-cidr; kubeadm: networking.podSubnet). Neither can be changed on a running cluster.' },
  ],
  refs: ['tigera/operator#1512', 'calico#13704', 'calico#3878', 'akash-network/support#316'],
  check(view) {
    const pools = view.ranges('pod', 'calico', 'flannel');
    const clusters = view.ranges('pod', 'distribution', 'kubeadm', 'kube-proxy', 'controller-manager');
    if (pools.length === 0) return { skip: "no pool of Calico's or Flannel's is in the snapshot" };
    if (clusters.length === 0) return { unknown: 'nothing in the snapshot says what the cluster CIDR is (node-args of K3s, kubeadm-config, kube-proxy)' };
    return pools.filter((pool) => !clusters.some((cluster) => textContains(cluster.range, pool.range))).map((pool) => ({
      subjects: [pool.object === undefined ? 'cluster' : subjectOf(pool.object)],
      summary: `pods get addresses of ${pool.range}, but the cluster CIDR is ${[...new Set(clusters.map(({ range }) => range))].join(', ')}`,
      evidence: [view.rangeSeen(pool), ...clusters.map((one) => view.rangeSeen(one))],
    }));
  },
  bad: [node('n1', { args: ['--flannel-backend', 'none'] }), calicoNode(), ipPool('default-ipv4-ippool', { cidr: '10.244.0.0/16' })],
  good: [node('n1', { args: ['--flannel-backend', 'none'] }), calicoNode(), ipPool('default-ipv4-ippool', { cidr: '10.42.0.0/16' })],
};
