/** FL-CIDR-009. */
import { textsOverlap } from '../../../net/range.ts';
import { node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const duplicatePodCidr: Rule = {
  id: 'FL-CIDR-009',
  title: 'Two nodes have the same, or overlapping, pod ranges',
  severity: 'error',
  faults: ['C5'],
  looksAt: 'spec.podCIDRs of all nodes, pairwise.',
  why: 'Packets for pods of one node go to the other: connections are reset at random, or the wrong pod answers.',
  fix: [{ what: 'Drain and remove one of the nodes, and let it join again, so that it gets a range of its own.', command: 'kubectl drain NODE --ignore-daemonsets --delete-emptydir-data && kubectl delete node NODE' }],
  refs: ['cilium#17277'],
  check(view) {
    const ranges = view.ranges('node-pod');
    if (ranges.length === 0) return { skip: 'no node has a podCIDR' };
    // Sorted by text, equal ones are neighbours; overlapping ones of different sizes are rare and found by the slower way for small clusters.
    const found = ranges.flatMap((one, at) => ranges.slice(at + 1).filter((other) => (ranges.length > 1_000 ? other.range === one.range : textsOverlap(one.range, other.range))).map((other) => ({ one, other })));
    return found.filter(({ one, other }) => one.object !== other.object).map(({ one, other }) => ({
      subjects: [one, other].flatMap(({ object }) => (object === undefined ? [] : [subjectOf(object)])),
      summary: `${one.source} is ${one.range}, and ${other.source} is ${other.range}`,
      evidence: [view.rangeSeen(one), view.rangeSeen(other)],
    }));
  },
  bad: [node('n1', { podCIDR: '10.42.0.0/24' }), node('n2', { podCIDR: '10.42.0.0/24', address: '192.168.10.12' })],
  good: [node('n1', { podCIDR: '10.42.0.0/24' }), node('n2', { podCIDR: '10.42.1.0/24', address: '192.168.10.12' })],
};
