/** FL-CIDR-009. */
import { parseRange, rangesOverlap } from '../../../net/range.ts';
import { node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const duplicatePodCidr: Rule = {
  id: 'FL-CIDR-009',
  title: 'Two nodes have the same, or overlapping, pod ranges',
  severity: 'error',
  faults: ['C5'],
  looksAt: 'spec.podCIDRs of all nodes, in the order of addresses.',
  why: 'Packets for pods of one node go to the other: connections are reset at random, or the wrong pod answers.',
  fix: [
    { what: 'Drain and remove one of the nodes, and let it join again, so that it gets a range of its own.', command: 'kubectl drain NODE --ignore-daemonsets --delete-emptydir-data && kubectl delete node NODE' },
  ],
  refs: ['cilium#17277'],
  check(view) {
    const ranges = view.ranges('node-pod');
    if (ranges.length === 0) return { skip: 'no node has a podCIDR' };
    const parsed = ranges.flatMap((one) => { const range = parseRange(one.range); return range === undefined ? [] : [{ one, range }]; });
    // In the order of first addresses, a prefix overlaps one before it exactly when it overlaps the one that reaches furthest.
    const sorted = parsed.toSorted((a, b) => a.range.width - b.range.width || (a.range.first < b.range.first ? -1 : a.range.first > b.range.first ? 1 : 0));
    const found: { one: (typeof ranges)[number]; other: (typeof ranges)[number] }[] = [];
    let furthest = sorted[0];
    for (const entry of sorted.slice(1)) {
      if (furthest !== undefined && rangesOverlap(furthest.range, entry.range)) found.push({ one: furthest.one, other: entry.one });
      if (furthest === undefined || furthest.range.width !== entry.range.width || entry.range.last > furthest.range.last) furthest = entry;
    }
    return found.filter(({ one, other }) => one.object !== other.object).map(({ one, other }) => ({
      subjects: [one, other].flatMap(({ object }) => (object === undefined ? [] : [subjectOf(object)])),
      summary: `${one.source} is ${one.range}, and ${other.source} is ${other.range}`,
      evidence: [view.rangeSeen(one), view.rangeSeen(other)],
    }));
  },
  bad: [node('n1', { podCIDR: '10.42.0.0/24' }), node('n2', { podCIDR: '10.42.0.0/24', address: '192.168.10.12' })],
  good: [node('n1', { podCIDR: '10.42.0.0/24' }), node('n2', { podCIDR: '10.42.1.0/24', address: '192.168.10.12' })],
};
