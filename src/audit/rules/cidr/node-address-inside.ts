/** FL-CIDR-004. */
import { textContains } from '../../../net/range.ts';
import { node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const nodeAddressInside: Rule = {
  id: 'FL-CIDR-004',
  title: "A node's address lies in the range of pods or Services",
  severity: 'error',
  faults: ['C2'],
  looksAt: 'InternalIP and ExternalIP of every node against the ranges of pods and Services.',
  why: 'Pods cannot reach that node, nor what runs on it (the API server, NodePorts, host-network pods): packets for it go into the overlay or to a Service, and traffic from pods to nodes is not masqueraded as it should be. It shows as timeouts to this one node.',
  fix: [{ what: 'Choose pod and Service ranges that no node is in. On a running cluster this means a new cluster, or other addresses for the nodes.' }],
  refs: ['k3s#4627', 'k3s#93'],
  check(view) {
    const ranges = [...view.ranges('pod'), ...view.ranges('service')];
    if (view.nodes.length === 0 || ranges.length === 0) return { unknown: 'nodes, or the ranges of pods and Services, are not in the snapshot' };
    return view.nodes.flatMap((one) => (one.status?.addresses ?? []).filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP').flatMap(({ type, address }) => {
      const inside = ranges.find(({ range }) => textContains(range, address));
      if (inside === undefined) return [];
      return [{
        subjects: [subjectOf(one)],
        summary: `${type} ${address} of node ${one.metadata.name} lies in ${inside.range}, the range of ${inside.use === 'pod' ? 'pods' : 'Services'}`,
        evidence: [view.seen(one, 'status.addresses', `${type} ${address}`), view.rangeSeen(inside)],
      }];
    }));
  },
  bad: [node('n1', { args: [], address: '10.42.7.11' })],
  good: [node('n1', { args: [], address: '192.168.1.11' })],
};
