/** FL-ARP-002. */
import { calicoPorts } from '../../devices.ts';
import { host, link, node, route } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const gatewayRoute: Rule = {
  id: 'FL-ARP-002',
  title: "A node has no route to its pods' gateway address",
  severity: 'error',
  faults: ['A2'],
  looksAt: 'Hosts with devices cali…: a route of the main table must cover 169.254.1.1, in most cases the default route.',
  why: 'The kernel answers ARP for an address only when it has a route to it. Without one, pods of the node reach nothing at all, other pods of the same node included.',
  fix: [{ what: 'Give the node a default route, or one for this address alone.', command: 'ip route add 169.254.1.1 dev eth0' }],
  refs: ['calico#3270', 'calico#3243'],
  check: (view) => perHost(view, (one) => {
    if (calicoPorts(one).length === 0 || one.routes === undefined) return undefined;
    const covers = one.routes.some(({ family, type, dst, table }) => family === 4 && type === 'unicast' && table === 'main' && (dst === 'default' || dst === '0.0.0.0/0' || dst.startsWith('169.254.')));
    return covers ? undefined : {
      summary: `node ${one.node} has ${calicoPorts(one).length} Calico pods and no route that covers 169.254.1.1`,
      evidence: [
        view.onHost(one, 'ip route', `${one.routes.filter(({ table }) => table === 'main').length} routes in table main, none of them default or for 169.254.0.0/16`),
      ],
    };
  }),
  bad: [node('n1'), host('n1', { links: [link('cali0ef24b1e7a1', { kind: 'veth' })], routes: [route('192.168.10.0/24', { device: 'eth0' })] })],
  good: [node('n1'), host('n1', { links: [link('cali0ef24b1e7a1', { kind: 'veth' })], routes: [route('default', { device: 'eth0' })] })],
};
