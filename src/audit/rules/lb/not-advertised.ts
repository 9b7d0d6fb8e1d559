/** FL-LB-004. */
import { selects } from '../../../cluster/selector.ts';
import type { AddressPool, Advertisement } from '../../../cluster/snapshot/typed.ts';
import { addressPool, l2Advertisement, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const notAdvertised: Rule = {
  id: 'FL-LB-004',
  title: 'A pool of MetalLB is announced by nobody',
  severity: 'error',
  faults: ['B4'],
  looksAt: 'For each IPAddressPool an L2Advertisement or BGPAdvertisement of its namespace that names it, selects it, or names none; and nodes that its nodeSelectors select.',
  why: 'Services get an address, and nobody answers for it: clients time out, while from a node it works, which proves nothing.',
  fix: [
    { what: 'Announce it.', command: 'kubectl apply -f - <<END\napiVersion: metallb.io/v1beta1\nkind: L2Advertisement\nmetadata: {name: lan, namespace: metallb-system}\nspec: {ipAddressPools: [POOL]}\nEND' },
  ],
  refs: ['metallb.io/troubleshooting'],
  check(view) {
    const pools = view.index.objects<AddressPool>('IPAddressPool');
    if (pools.length === 0) return { skip: 'no IPAddressPool is in the snapshot' };
    const all = [...view.index.objects<Advertisement>('L2Advertisement'), ...view.index.objects<Advertisement>('BGPAdvertisement')];
    if (all.length === 0 && view.snapshot.source === 'files' && view.services.length === 0) return { unknown: 'no advertisement is in the snapshot, which may be all of a part only' };
    return pools.flatMap((pool) => {
      const mine = all.filter(({ spec, metadata }) => metadata.namespace === pool.metadata.namespace && ((spec?.ipAddressPools ?? []).length + (spec?.ipAddressPoolSelectors ?? []).length === 0 || spec?.ipAddressPools?.includes(pool.metadata.name) === true || spec?.ipAddressPoolSelectors?.some((selector) => selects(selector, pool)) === true));
      const reached = mine.filter(({ spec }) => (spec?.nodeSelectors ?? []).length === 0 || view.nodes.length === 0 || view.nodes.some((one) => spec?.nodeSelectors?.some((selector) => selects(selector, one))));
      if (reached.length > 0) return [];
      return [{
        subjects: [subjectOf(pool)],
        summary: mine.length === 0 ? `no advertisement names pool ${pool.metadata.name} (${(pool.spec?.addresses ?? []).join(', ')})` : `the advertisements of pool ${pool.metadata.name} select no node`,
        evidence: [
          view.seen(pool, 'spec.addresses', (pool.spec?.addresses ?? []).join(', ')),
          ...(mine.length > 0 ? mine.map((one) => view.seen(one, 'spec.nodeSelectors', one.spec?.nodeSelectors)) : [view.derived('advertisements', all.map(subjectOf).join(', ') || 'none')]),
        ],
      }];
    });
  },
  bad: [node('n1'), addressPool('lan', ['192.168.10.200/29']), l2Advertisement('other', { ipAddressPools: ['dmz'] })],
  good: [node('n1'), addressPool('lan', ['192.168.10.200/29']), l2Advertisement('all')],
};
