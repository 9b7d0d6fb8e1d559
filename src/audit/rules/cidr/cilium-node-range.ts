/** FL-CIDR-008. */
import { textContains } from '../../../net/range.ts';
import type { KubeObject } from '../../../cluster/objects.ts';
import { ciliumAgent, configMap, object } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

interface CiliumNode extends KubeObject { spec?: { ipam?: { podCIDRs?: string[] } }; status?: { ipam?: { 'operator-status'?: { error?: string } } } }

export const ciliumNodeRange: Rule = {
  id: 'FL-CIDR-008',
  title: "A CiliumNode keeps a range outside Cilium's pool, or got none",
  severity: 'error',
  faults: ['C4', 'C6'],
  looksAt: "spec.ipam.podCIDRs of every CiliumNode against cluster-pool-ipv4-cidr, and the operator's error in its status.",
  why: 'The pool was changed after the node had its range, or it is used up. The agent waits with `required IPv4 PodCIDR not available` or `allocator not configured for the requested CIDR`, and new pods of that node stay in ContainerCreating.',
  fix: [{ what: 'Drain the node, delete its CiliumNode and the device cilium_host, and restart its agent; or put the old range back into the pool.', command: 'kubectl delete ciliumnode NODE' }],
  refs: ['cilium#29881', 'cilium#23872', 'k8s-snap#1762'],
  check(view) {
    const nodes = view.index.objects<CiliumNode>('CiliumNode');
    if (nodes.length === 0) return { skip: 'no CiliumNode is in the snapshot' };
    const pools = view.ranges('pod', 'cilium');
    return nodes.flatMap((one) => {
      const error = one.status?.ipam?.['operator-status']?.error ?? '';
      const odd = pools.length === 0 ? [] : (one.spec?.ipam?.podCIDRs ?? []).filter((cidr) => !cidr.includes(':') && !pools.some(({ range }) => textContains(range, cidr)));
      if (error === '' && odd.length === 0) return [];
      const evidence = [...(error === '' ? [] : [view.seen(one, 'status.ipam.operator-status.error', error)]), ...(odd.length === 0 ? [] : [view.seen(one, 'spec.ipam.podCIDRs', odd.join(', ')), ...pools.map((pool) => view.rangeSeen(pool))])];
      return [{
        subjects: [subjectOf(one)],
        summary: odd.length > 0 ? `node ${one.metadata.name} has ${odd.join(', ')}, which is outside Cilium's pool ${pools.map(({ range }) => range).join(', ')}` : `Cilium's operator has no range for node ${one.metadata.name}`,
        evidence,
      }];
    });
  },
  bad: [
    ciliumAgent(),
    configMap('cilium-config', { ipam: 'cluster-pool', 'cluster-pool-ipv4-cidr': '10.42.0.0/16' }),
    object('cilium.io/v2', 'CiliumNode', 'n1', { spec: { ipam: { podCIDRs: ['10.0.3.0/24'] } } }, null),
  ],
  good: [
    ciliumAgent(),
    configMap('cilium-config', { ipam: 'cluster-pool', 'cluster-pool-ipv4-cidr': '10.42.0.0/16' }),
    object('cilium.io/v2', 'CiliumNode', 'n1', { spec: { ipam: { podCIDRs: ['10.42.3.0/24'] } } }, null),
  ],
};
