/** FL-HOST-006. */
import type { NodeObject } from '../../../cluster/objects.ts';
import { addressPool, host, link, node } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const rpFilterLb: Rule = {
  id: 'FL-HOST-006',
  title: 'Strict reverse-path filtering on a node with several networks behind a load balancer',
  severity: 'info',
  faults: ['H3'],
  looksAt: 'Hosts with two or more physical devices with addresses of their own, rp_filter 1 on them, where MetalLB announces addresses.',
  why: 'A client of another subnet comes in by one card, while the route back goes by the other: its packets are dropped. Clients of the same subnet get through.',
  fix: [{ what: 'A route back by the same card (source routing), or loose filtering.', command: 'sysctl -w net.ipv4.conf.all.rp_filter=2' }],
  refs: ['metallb.io/troubleshooting'],
  check(view) {
    if (!view.picture.loadBalancers.some(({ name }) => name === 'metallb')) return { skip: 'MetalLB is not in the snapshot' };
    return perHost(view, (one) => {
      const cards = (one.links ?? []).filter(({ kind, name, up }) => kind === '' && name !== 'lo' && up && one.addresses?.some(({ device, family }) => device === name && family === 'inet') === true);
      const all = Number(one.sysctls?.['net.ipv4.conf.all.rp_filter'] ?? 0);
      const strict = cards.filter(({ name }) => Math.max(all, Number(one.sysctls?.[`net.ipv4.conf.${name}.rp_filter`] ?? 0)) === 1);
      const excluded = view.index.find<NodeObject>('Node', one.node)?.metadata.labels?.['node.kubernetes.io/exclude-from-external-load-balancers'] !== undefined;
      return cards.length < 2 || strict.length === 0 || excluded ? undefined : {
        summary: `node ${one.node} has ${cards.length} networks and filters reverse paths strictly on ${strict.map(({ name }) => name).join(', ')}`,
        evidence: [
          view.onHost(one, 'sysctl', `all.rp_filter = ${all}; ${strict.map(({ name }) => `${name}.rp_filter = ${one.sysctls?.[`net.ipv4.conf.${name}.rp_filter`] ?? '?'}`).join(', ')}`),
        ],
      };
    });
  },
  bad: [
    node('n1'),
    addressPool('p', ['192.168.20.10-192.168.20.20']),
    host('n1', { links: [link('eth0'), link('eth1')], addresses: [{ device: 'eth0', family: 'inet', address: '192.168.10.11', prefixLength: 24, scope: 'global' }, { device: 'eth1', family: 'inet', address: '192.168.20.11', prefixLength: 24, scope: 'global' }], sysctls: { 'net.ipv4.conf.all.rp_filter': '1' } }),
  ],
  good: [
    node('n1'),
    addressPool('p', ['192.168.20.10-192.168.20.20']),
    host('n1', { links: [link('eth0'), link('eth1')], addresses: [{ device: 'eth0', family: 'inet', address: '192.168.10.11', prefixLength: 24, scope: 'global' }, { device: 'eth1', family: 'inet', address: '192.168.20.11', prefixLength: 24, scope: 'global' }], sysctls: { 'net.ipv4.conf.all.rp_filter': '2' } }),
  ],
};
