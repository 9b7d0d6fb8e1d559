/** FL-CIDR-011. */
import { textContains } from '../../../net/range.ts';
import { node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const nodeCidrOutside: Rule = {
  id: 'FL-CIDR-011',
  title: "A node's pod range lies outside the cluster CIDR",
  severity: 'error',
  faults: ['C1'],
  looksAt: 'spec.podCIDR of every node against the cluster CIDR of K3s, kubeadm or the controller manager.',
  why: 'The cluster CIDR was changed after the node joined. kube-proxy masquerades the pods of that node, the CNI has no route for its range, and other nodes do not reach its pods.',
  fix: [
    { what: 'Drain the node, delete its Node object and let it join again; podCIDR cannot be changed.', command: 'kubectl drain NODE --ignore-daemonsets --delete-emptydir-data && kubectl delete node NODE' },
  ],
  refs: ['calico#3878'],
  check(view) {
    const clusters = view.ranges('pod', 'distribution', 'kubeadm', 'controller-manager');
    const given = view.ranges('node-pod');
    if (given.length === 0) return { skip: 'no node has a podCIDR' };
    const families = new Set(clusters.map(({ range }) => range.includes(':')));
    if (clusters.length === 0) return { unknown: 'nothing in the snapshot says what the cluster CIDR is' };
    return given.filter((one) => families.has(one.range.includes(':')) && !clusters.some(({ range }) => textContains(range, one.range))).map((one) => ({
      subjects: one.object === undefined ? ['cluster'] : [subjectOf(one.object)],
      summary: `${one.source} is ${one.range}, but the cluster CIDR is ${[...new Set(clusters.map(({ range }) => range))].join(', ')}`,
      evidence: [view.rangeSeen(one), ...clusters.map((cluster) => view.rangeSeen(cluster))],
    }));
  },
  bad: [node('n1', { args: [], podCIDR: '10.244.0.0/24' })],
  good: [node('n1', { args: [], podCIDR: '10.42.0.0/24' })],
};
