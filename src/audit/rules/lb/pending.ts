/** FL-LB-001. */
import type { AddressPool } from '../../../cluster/snapshot/typed.ts';
import { node, service } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { isLoadBalancer } from '../../lb-address.ts';
import { subjectOf } from '../../view.ts';

export const pending: Rule = {
  id: 'FL-LB-001',
  title: 'A LoadBalancer Service has no address',
  severity: 'error',
  faults: ['B1'],
  looksAt: 'Services of type LoadBalancer whose status has no address, what MetalLB says in events, and whether there is anything that gives addresses. Manifests have no status: without events and nodes in the input the rule does not judge.',
  why: 'EXTERNAL-IP stays `<pending>`; clients outside have nothing to connect to. MetalLB says `Failed to allocate IP for "ns/svc": no available IPs`.',
  fix: [
    { what: 'With MetalLB: a pool with free addresses, autoAssign not false, whose serviceAllocation lets this namespace in. Without a load balancer: use NodePort, or install one.', command: 'kubectl get ipaddresspool -A -o wide\nkubectl -n NAMESPACE describe service NAME' },
  ],
  refs: ['metallb#2553', 'metallb#487', 'metallb#2656', 'metallb.io/troubleshooting'],
  check(view) {
    const without = view.services.filter((one) => isLoadBalancer(one) && (one.status?.loadBalancer?.ingress ?? []).length === 0);
    if (without.length === 0) return [];
    const events = view.index.objects('Event').filter((one) => one['reason'] === 'AllocationFailed');
    const live = view.snapshot.source === 'live' || view.services.some(({ status }) => (status?.loadBalancer?.ingress ?? []).length > 0) || (view.nodes.length > 0 && view.services.some(({ spec }) => spec?.clusterIP !== undefined));
    const pools = view.index.objects<AddressPool>('IPAddressPool');
    return without.filter((one) => live || events.some((event) => (event['involvedObject'] as { name?: string } | undefined)?.name === one.metadata.name)).map((one) => {
      const event = events.find((each) => { const about = each['involvedObject'] as { name?: string; namespace?: string } | undefined; return about?.name === one.metadata.name && about?.namespace === one.metadata.namespace; });
      const nobody = view.picture.loadBalancers.length === 0 && one.spec?.loadBalancerClass === undefined;
      const unassigned = pools.length > 0 && pools.every(({ spec }) => spec?.autoAssign === false);
      const cause = event !== undefined ? `: ${String(event['message'])}` : nobody ? ': nothing that gives addresses is in the snapshot' : unassigned ? ': every pool has autoAssign false' : '';
      return {
        subjects: [subjectOf(one)],
        summary: `Service ${one.metadata.namespace ?? ''}/${one.metadata.name} has no address${cause}`,
        evidence: [
          view.seen(one, 'status.loadBalancer', 'no ingress'),
          ...(event === undefined ? [] : [view.seen(event, 'message', event['message'])]),
          view.derived('load balancers', view.picture.loadBalancers.map(({ name, evidence }) => `${name}: ${evidence}`).join('; ') || 'none seen'),
        ],
      };
    });
  },
  bad: [node('n1', { args: ['--disable', 'servicelb'] }), service('web', { type: 'LoadBalancer', clusterIP: '10.43.0.9' })],
  good: [
    node('n1', { args: [] }),
    service('web', { type: 'LoadBalancer', clusterIP: '10.43.0.9' }, { status: { loadBalancer: { ingress: [{ ip: '192.168.10.11' }] } } }),
  ],
};
