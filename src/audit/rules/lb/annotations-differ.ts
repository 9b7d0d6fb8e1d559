/** FL-LB-010. */
import { addressPool, service } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { isLoadBalancer } from '../../lb-address.ts';
import { subjectOf } from '../../view.ts';

export const annotationsDiffer: Rule = {
  id: 'FL-LB-010',
  title: 'A Service tells MetalLB two different things, or tells it by a name that it does not know',
  severity: 'warning',
  faults: ['B2'],
  looksAt: 'Annotations of MetalLB under its old prefix metallb.universe.tf/ and its new one metallb.io/, spec.loadBalancerIP beside them, and names that MetalLB has never had (loadBalancer-ips, ip-pool).',
  why: 'The misspelt annotation is ignored without a word, and the Service gets any address; of two that differ, which one counts depends on the version (metallb.io/ is known since 0.15).',
  fix: [{ what: 'Keep one: metallb.io/loadBalancerIPs (0.15 and newer) or metallb.universe.tf/loadBalancerIPs.' }],
  refs: ['metallb.io/usage', 'metallb.io/release-notes'],
  check(view) {
    const known = new Set(['loadBalancerIPs', 'address-pool', 'allow-shared-ip', 'ip-allocated-from-pool']);
    return view.services.filter(isLoadBalancer).flatMap((one) => {
      const all = Object.entries(one.metadata.annotations ?? {}).flatMap(([key, value]) => { const match = /^(metallb\.(?:io|universe\.tf))\/(.+)$/.exec(key); return match?.[1] === undefined ? [] : [{ key, name: match[2] ?? '', value }]; });
      const odd = all.filter(({ name }) => !known.has(name));
      const addresses = [...new Set([...all.filter(({ name }) => name === 'loadBalancerIPs').map(({ value }) => value), ...(one.spec?.loadBalancerIP === undefined || one.spec.loadBalancerIP === '' ? [] : [one.spec.loadBalancerIP])])];
      const found = [];
      if (odd.length > 0) found.push({
        subjects: [subjectOf(one)],
        summary: `MetalLB knows no annotation ${odd.map(({ key }) => key).join(', ')}`,
        evidence: odd.map(({ key, value }) => view.seen(one, `annotation ${key}`, value)),
      });
      if (addresses.length > 1) found.push({
        subjects: [subjectOf(one)],
        summary: `Service ${one.metadata.namespace ?? ''}/${one.metadata.name} asks for ${addresses.join(' and for ')}`,
        evidence: [view.seen(one, 'annotations and spec.loadBalancerIP', addresses.join('; '))],
      });
      return found;
    });
  },
  bad: [
    addressPool('lan', ['192.168.10.200/29']),
    service('web', { type: 'LoadBalancer' }, { annotations: { 'metallb.universe.tf/loadBalancer-ips': '192.168.10.201' } }),
  ],
  good: [
    addressPool('lan', ['192.168.10.200/29']),
    service('web', { type: 'LoadBalancer' }, { annotations: { 'metallb.universe.tf/loadBalancerIPs': '192.168.10.201' } }),
  ],
};
