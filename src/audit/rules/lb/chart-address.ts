/** FL-LB-012. */
import { chartValues, valueAt } from '../../../cni/picture/charts.ts';
import type { AddressPool } from '../../../cluster/snapshot/typed.ts';
import { addressPool, object } from '../../examples.ts';
import { poolHolds } from '../../lb-address.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

/** Where charts take the address of their Service from: Traefik's, and what others have the same. */
const PLACES: readonly (readonly string[])[] = [['service'], ['service', 'spec'], ['controller', 'service']].flatMap((at) => [
  [...at, 'loadBalancerIP'], [...at, 'annotations', 'metallb.io/loadBalancerIPs'], [...at, 'annotations', 'metallb.universe.tf/loadBalancerIPs'],
]);

const traefik = (ip: string): Readonly<Record<string, unknown>> => object('helm.cattle.io/v1', 'HelmChartConfig', 'traefik', { spec: { valuesContent: `service:\n  spec:\n    loadBalancerIP: ${ip}\n` } }, 'kube-system');

export const chartAddress: Rule = {
  id: 'FL-LB-012',
  title: "A chart's values ask for a load balancer address that no pool has",
  severity: 'error',
  faults: ['B2'],
  looksAt: "loadBalancerIP and MetalLB's annotations in the values of K3s' charts (HelmChart, HelmChartConfig: Traefik's, for instance) against all IPAddressPools.",
  why: "The chart's Service stays `<pending>`. The address stands in the values alone: K3s applies them anew, so that an edit of the Service does not last.",
  fix: [{ what: 'Ask for an address of a pool in the values, or add the address to one.', command: 'kubectl -n kube-system edit helmchartconfig traefik' }],
  refs: ['docs.k3s.io/helm', 'metallb.io/usage'],
  check(view) {
    const asked = chartValues(view.index).flatMap(({ object: one, field, values }) => PLACES.flatMap((path) => {
      const value = valueAt(values, ...path);
      return typeof value === 'string' ? value.split(',').map((ip) => ({ one, field: `${field} ${path.join('.')}`, ip: ip.trim() })) : [];
    }));
    if (asked.length === 0) return { skip: 'no values of a chart ask for an address' };
    const pools = view.index.objects<AddressPool>('IPAddressPool');
    if (pools.length === 0) return view.picture.loadBalancers.some(({ name }) => name === 'metallb') ? { unknown: 'MetalLB runs, but its pools are not in the snapshot' } : { skip: 'MetalLB is not in the snapshot' };
    return asked.filter(({ ip }) => !pools.some((pool) => poolHolds(pool, ip))).map(({ one, field, ip }) => ({
      subjects: [subjectOf(one)], summary: `the values of chart ${one.metadata.name} ask for ${ip}, which is in no pool`,
      evidence: [view.seen(one, field, ip), ...pools.slice(0, 5).map((pool) => view.seen(pool, 'spec.addresses', (pool.spec?.addresses ?? []).join(', ')))],
    }));
  },
  bad: [addressPool('lan', ['192.168.10.200-192.168.10.220']), traefik('192.168.10.240')],
  good: [addressPool('lan', ['192.168.10.200-192.168.10.220']), traefik('192.168.10.210')],
};
