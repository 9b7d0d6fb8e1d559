/** FL-CIDR-006. */
import { textContains, textsOverlap } from '../../../net/range.ts';
import { addressPool, node } from '../../examples.ts';
import type { Found, Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const lbPoolOverlap: Rule = {
  id: 'FL-CIDR-006',
  title: 'A load balancer pool overlaps nodes, pods, Services or another pool',
  severity: 'error',
  faults: ['C3'],
  looksAt: 'Pools of MetalLB, Cilium and Calico for load balancers against the addresses of nodes, the ranges of pods and Services, and each other.',
  why: 'Two owners of one address: on the LAN two MAC addresses answer, so that clients reach now the Service and now the node or another machine; inside the cluster packets for a pool in the pod range never leave.',
  fix: [{ what: "Give the pool a range of the LAN that is outside the DHCP server's, and that holds no node." , command: 'kubectl -n metallb-system edit ipaddresspool NAME' }],
  refs: ['metallb#519'],
  check(view) {
    const pools = view.ranges('load-balancer');
    if (pools.length === 0) return { skip: 'no pool for load balancers is in the snapshot' };
    const found: Found[] = [];
    const subjects = (pool: (typeof pools)[number]): string[] => [pool.object === undefined ? 'cluster' : subjectOf(pool.object)];
    for (const [at, pool] of pools.entries()) {
      const inside = view.nodes.flatMap((one) => {
        const address = (one.status?.addresses ?? []).find((each) => textContains(pool.range, each.address))?.address;
        return address === undefined ? [] : [{ one, address }];
      });
      if (inside.length > 0) {
        found.push({
          subjects: [...subjects(pool), ...inside.map(({ one }) => subjectOf(one))],
          summary: `the pool ${pool.range} holds ${inside.map(({ one, address }) => `${address}, the address of node ${one.metadata.name}`).join('; ')}`,
          evidence: [view.rangeSeen(pool), ...inside.map(({ one, address }) => view.seen(one, 'status.addresses', address))],
        });
      }
      for (const other of [...view.ranges('pod'), ...view.ranges('service')].filter(({ range }) => textsOverlap(pool.range, range)).slice(0, 1)) {
        found.push({
          subjects: subjects(pool),
          summary: `the pool ${pool.range} overlaps ${other.range}, the range of ${other.use === 'pod' ? 'pods' : 'Services'}`,
          evidence: [view.rangeSeen(pool), view.rangeSeen(other)],
        });
      }
      for (const other of pools.slice(at + 1).filter(({ range }) => textsOverlap(pool.range, range))) {
        found.push({ subjects: [...subjects(pool), ...subjects(other)], summary: `the pools ${pool.range} and ${other.range} overlap`, evidence: [view.rangeSeen(pool), view.rangeSeen(other)] });
      }
    }
    return found;
  },
  bad: [node('n1', { args: [], address: '192.168.10.11' }), addressPool('lan', ['192.168.10.10-192.168.10.50'])],
  good: [node('n1', { args: [], address: '192.168.10.11' }), addressPool('lan', ['192.168.10.200-192.168.10.250'])],
};
