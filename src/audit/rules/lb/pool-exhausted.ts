/** FL-LB-008. */
import type { AddressPool } from '../../../cluster/snapshot/typed.ts';
import { parseRange, rangeSize } from '../../../net/range.ts';
import { addressPool, service } from '../../examples.ts';
import { isLoadBalancer, poolHolds } from '../../lb-address.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const poolExhausted: Rule = {
  id: 'FL-LB-008',
  title: 'A load balancer pool has no address left',
  severity: 'warning',
  faults: ['B1'],
  looksAt: 'Addresses of each IPAddressPool against those that Services have.',
  why: 'The next LoadBalancer Service stays `<pending>` with `no available IPs`.',
  fix: [{ what: 'Add addresses to the pool, or let Services share one (allow-shared-ip).' }],
  refs: ['metallb#487', 'metallb#703'],
  check(view) {
    const pools = view.index.objects<AddressPool>('IPAddressPool');
    if (pools.length === 0) return { skip: 'no IPAddressPool is in the snapshot' };
    const used = [...new Set(view.services.filter(isLoadBalancer).flatMap(({ status }) => (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? [])))];
    return pools.flatMap((pool) => {
      const size = (pool.spec?.addresses ?? []).reduce((sum, text) => { const range = parseRange(text.replaceAll(' ', '')); return sum + (range === undefined ? 0n : rangeSize(range)); }, 0n);
      const taken = used.filter((ip) => poolHolds(pool, ip));
      if (size === 0n || BigInt(taken.length) < size) return [];
      return [{
        subjects: [subjectOf(pool)],
        summary: `all ${size} addresses of pool ${pool.metadata.name} are in use`,
        evidence: [view.seen(pool, 'spec.addresses', (pool.spec?.addresses ?? []).join(', ')), view.derived('addresses of Services', taken.join(', '))],
      }];
    });
  },
  bad: [
    addressPool('lan', ['192.168.10.200-192.168.10.200']),
    service('web', { type: 'LoadBalancer' }, { status: { loadBalancer: { ingress: [{ ip: '192.168.10.200' }] } } }),
  ],
  good: [
    addressPool('lan', ['192.168.10.200-192.168.10.209']),
    service('web', { type: 'LoadBalancer' }, { status: { loadBalancer: { ingress: [{ ip: '192.168.10.200' }] } } }),
  ],
};
