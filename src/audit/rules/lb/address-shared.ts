/** FL-LB-003. */
import type { ServiceObject } from '../../../cluster/snapshot/typed.ts';
import { service } from '../../examples.ts';
import { askedAddresses, isLoadBalancer, metallbAnnotation } from '../../lb-address.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

/** Why two Services may not share an address; undefined when they may (metallb.io/usage, IP address sharing). */
function forbids(a: ServiceObject, b: ServiceObject): string | undefined {
  const [one, other] = [a, b].map((each) => metallbAnnotation(each, 'allow-shared-ip')?.value);
  if (one === undefined || one !== other) return 'they have no common allow-shared-ip';
  const ports = (each: ServiceObject): string[] => (each.spec?.ports ?? []).map(({ port, protocol = 'TCP' }) => `${port}/${protocol}`);
  const both = ports(a).filter((port) => ports(b).includes(port));
  if (both.length > 0) return `both use port ${both.join(', ')}`;
  const local = [a, b].some(({ spec }) => spec?.externalTrafficPolicy === 'Local');
  return local && JSON.stringify(a.spec?.selector) !== JSON.stringify(b.spec?.selector) ? 'one has externalTrafficPolicy Local, and they select different pods' : undefined;
}

export const addressShared: Rule = {
  id: 'FL-LB-003',
  title: 'Two Services want one address and may not share it',
  severity: 'error',
  faults: ['B3'],
  looksAt: 'Addresses that LoadBalancer Services ask for or have, pairwise: sharing takes the same allow-shared-ip, different ports, and externalTrafficPolicy Cluster or the same pods.',
  why: 'The second one stays `<pending>`, and which one is second may change with every restart.',
  fix: [{ what: 'Give one of them another address, or both the same sharing key and different ports.', command: 'kubectl -n NAMESPACE annotate service NAME metallb.io/allow-shared-ip=KEY' }],
  refs: ['metallb#245', 'metallb#2092', 'metallb#2553'],
  check(view) {
    const wanted = view.services.filter(isLoadBalancer).flatMap((one) => askedAddresses(one).map(({ value, field }) => ({ one, value, field })));
    return [...Map.groupBy(wanted, ({ value }) => value)].flatMap(([value, all]) => all.flatMap((a, at) => all.slice(at + 1).flatMap((b) => {
      const why = a.one === b.one ? undefined : forbids(a.one, b.one);
      return why === undefined ? [] : [{
        subjects: [subjectOf(a.one), subjectOf(b.one)],
        summary: `${subjectOf(a.one)} and ${subjectOf(b.one)} both ask for ${value}, and ${why}`,
        evidence: [a, b].map(({ one, field }) => view.seen(one, field, value)),
      }];
    })));
  },
  bad: [service('a', { type: 'LoadBalancer', loadBalancerIP: '192.168.10.210' }), service('b', { type: 'LoadBalancer', loadBalancerIP: '192.168.10.210' })],
  good: [
    service('a', { type: 'LoadBalancer', loadBalancerIP: '192.168.10.210', ports: [{ port: 80 }] }, { annotations: { 'metallb.io/allow-shared-ip': 'k' } }),
    service('b', { type: 'LoadBalancer', loadBalancerIP: '192.168.10.210', ports: [{ port: 443 }] }, { annotations: { 'metallb.io/allow-shared-ip': 'k' } }),
  ],
};
