/** FL-CIDR-010. */
import { node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

const lengthOf = (range: string): number => Number(range.split('/')[1] ?? NaN);

export const podCidrsExhausted: Rule = {
  id: 'FL-CIDR-010',
  title: 'The cluster CIDR has no range left for another node',
  severity: 'error',
  faults: ['C6'],
  looksAt: 'How many ranges of the size that nodes have the cluster CIDR holds, against the number of nodes. An error when a node has none already, a warning when the next one would get none.',
  why: "A new node gets no podCIDR: event CIDRNotAvailable, Flannel stops with `pod cidr not assigned`, Cilium waits with `required IPv4 PodCIDR not available`, and the node's pods stay in ContainerCreating.",
  fix: [
    { what: 'Smaller ranges for new nodes (kube-controller-manager --node-cidr-mask-size, above the mask that nodes have now), or a larger cluster CIDR, which takes a new cluster. Nodes that are gone free theirs when their Node object is deleted.' },
  ],
  refs: ['k8s-snap#1762'],
  check(view) {
    const cluster = view.ranges('pod', 'distribution', 'kubeadm', 'controller-manager').find(({ range }) => !range.includes(':'));
    const given = view.ranges('node-pod').filter(({ range }) => !range.includes(':'));
    if (cluster === undefined || given.length === 0) return { skip: 'nodes get no ranges of the cluster CIDR, or it is not known' };
    const nodeLength = Math.max(...given.map(({ range }) => lengthOf(range)));
    const capacity = 2 ** (nodeLength - lengthOf(cluster.range));
    const without = view.nodes.filter((one) => one.spec.podCIDR === undefined);
    if (capacity > view.nodes.length || !Number.isFinite(capacity)) return [];
    return [{
      subjects: without.length > 0 ? without.map(subjectOf) : ['cluster'],
      severity: without.length > 0 ? 'error' : 'warning',
      summary: `${cluster.range} holds ${capacity} ranges of /${nodeLength}, and there are ${view.nodes.length} nodes${without.length > 0 ? `, of which ${without.map(({ metadata }) => metadata.name).join(', ')} have none` : ''}`,
      evidence: [view.rangeSeen(cluster), view.derived('nodes', `${view.nodes.length} nodes, ranges of /${nodeLength}`)],
    }];
  },
  bad: [
    node('n1', { args: ['--cluster-cidr', '10.42.0.0/23'], podCIDR: '10.42.0.0/24' }),
    node('n2', { args: [], role: 'agent', podCIDR: '10.42.1.0/24', address: '192.168.10.12' }),
    node('n3', { args: [], role: 'agent', address: '192.168.10.13' }),
  ],
  good: [node('n1', { args: [], podCIDR: '10.42.0.0/24' }), node('n2', { args: [], role: 'agent', podCIDR: '10.42.1.0/24', address: '192.168.10.12' })],
};
