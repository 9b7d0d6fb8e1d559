/** FL-LB-002. */
import type { AddressPool } from '../../../cluster/snapshot/typed.ts';
import { addressPool, service } from '../../examples.ts';
import { askedAddresses, isLoadBalancer, poolHolds } from '../../lb-address.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const addressOutside: Rule = {
  id: 'FL-LB-002',
  title: 'A Service asks for an address that no pool has',
  severity: 'error',
  faults: ['B2'],
  looksAt: 'metallb.io/loadBalancerIPs, metallb.universe.tf/loadBalancerIPs and spec.loadBalancerIP of LoadBalancer Services against all IPAddressPools.',
  why: 'The Service stays `<pending>`; MetalLB says that the address is not allowed in config.',
  fix: [{ what: 'Ask for an address of a pool, or add the address to one.', command: 'kubectl -n metallb-system edit ipaddresspool NAME' }],
  refs: ['openstack lib-common#520', 'metallb.io/usage'],
  check(view) {
    const pools = view.index.objects<AddressPool>('IPAddressPool');
    if (pools.length === 0) return view.picture.loadBalancers.some(({ name }) => name === 'metallb') ? { unknown: 'MetalLB runs, but its pools are not in the snapshot' } : { skip: 'MetalLB is not in the snapshot' };
    return view.services.filter((one) => isLoadBalancer(one)).flatMap((one) => askedAddresses(one).filter(({ value }) => !pools.some((pool) => poolHolds(pool, value))).map(({ value, field }) => ({
      subjects: [subjectOf(one)], summary: `Service ${one.metadata.namespace ?? ''}/${one.metadata.name} asks for ${value}, which is in no pool`,
      evidence: [view.seen(one, field, value), ...pools.slice(0, 5).map((pool) => view.seen(pool, 'spec.addresses', (pool.spec?.addresses ?? []).join(', ')))],
    })));
  },
  bad: [
    addressPool('lan', ['192.168.10.200-192.168.10.220']),
    service('web', { type: 'LoadBalancer' }, { annotations: { 'metallb.universe.tf/loadBalancerIPs': '192.168.10.240' } }),
  ],
  good: [
    addressPool('lan', ['192.168.10.200-192.168.10.220']),
    service('web', { type: 'LoadBalancer' }, { annotations: { 'metallb.io/loadBalancerIPs': '192.168.10.210' } }),
  ],
};
