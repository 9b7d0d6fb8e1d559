/** FL-IPAM-006. */
import { parseRange, rangeSize } from '../../../net/range.ts';
import { node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const maxPods: Rule = {
  id: 'FL-IPAM-006',
  title: 'A node may run more pods than its range has addresses',
  severity: 'warning',
  faults: ['I1'],
  looksAt: "status.allocatable.pods against the size of spec.podCIDR, where the CNI takes addresses from it (Flannel, Cilium with ipam kubernetes).",
  why: 'The scheduler puts pods there that get no address: ContainerCreating with `no IP addresses available in range set`.',
  fix: [{ what: "Lower the kubelet's --max-pods, or give nodes larger ranges (node-cidr-mask-size), which counts for new nodes only." }],
  refs: ['flannel#2264'],
  check(view) {
    const name = view.picture.cni?.name;
    if (name === 'calico') return { skip: "Calico takes addresses from its pools, not from the nodes' podCIDRs" };
    const ranges = view.ranges('node-pod').filter(({ range }) => !range.includes(':'));
    if (ranges.length === 0) return { skip: 'no node has a podCIDR' };
    return ranges.flatMap(({ object: owner, range }) => {
      const parsed = parseRange(range);
      const pods = Number((owner?.['status'] as { allocatable?: { pods?: string } } | undefined)?.allocatable?.pods ?? NaN);
      if (owner === undefined || parsed === undefined || !(pods > Number(rangeSize(parsed)) - 3)) return [];
      return [{
        subjects: [subjectOf(owner)],
        summary: `node ${owner.metadata.name} may run ${pods} pods and has ${Number(rangeSize(parsed)) - 3} addresses for them (${range})`,
        evidence: [view.seen(owner, 'status.allocatable.pods', String(pods)), view.seen(owner, 'spec.podCIDR', range)],
      }];
    });
  },
  bad: [node('n1', { podCIDR: '10.42.0.0/26', status: { allocatable: { pods: '110' } } })],
  good: [node('n1', { podCIDR: '10.42.0.0/24', status: { allocatable: { pods: '110' } } })],
};
