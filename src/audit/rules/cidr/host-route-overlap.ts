/** FL-CIDR-005. */
import { textsOverlap } from '../../../net/range.ts';
import { host, node, route } from '../../examples.ts';
import { needsHosts, type Rule } from '../../rule.ts';
import { foreignRoutes } from '../../foreign-route.ts';

export const hostRouteOverlap: Rule = {
  id: 'FL-CIDR-005',
  title: "A host's own network or route overlaps the range of pods or Services",
  severity: 'warning',
  faults: ['C2'],
  looksAt: "Routes of every host's main table that no CNI made (VPNs, docker0, static routes, connected networks) against the ranges of pods and Services. Routes to other nodes' pod ranges by way of nodes are the CNI's.",
  why: 'Where the ranges meet, pods cannot reach the machines of that network, and the host cannot reach those pods: whichever route is more specific wins. It shows as timeouts to some addresses (a proxy, a DNS server, a VPN peer) and not to others.',
  fix: [{ what: 'Give the other network another range (docker: `bip` and `default-address-pools` in daemon.json; VPN: its own routes), or exclude the overlap from what is routed there.' }],
  refs: ['k3s#93', 'k3s#4627'],
  check(view) {
    const missing = needsHosts(view);
    const ranges = [...view.ranges('pod'), ...view.ranges('service')];
    if (missing !== undefined) return missing;
    if (ranges.length === 0) return { unknown: 'nothing in the snapshot says what the ranges of pods and Services are' };
    const isForeign = foreignRoutes(view);
    return view.hosts.flatMap((one) => (one.routes ?? []).filter((r) => isForeign(r)).flatMap((r) => {
      const hit = ranges.find(({ range }) => textsOverlap(range, r.dst));
      if (hit === undefined) return [];
      return [{
        subjects: [`Node ${one.node}`],
        summary: `node ${one.node} routes ${r.dst} to ${r.device ?? r.gateway ?? 'elsewhere'}, and ${hit.use === 'pod' ? 'pods' : 'Services'} have ${hit.range}`,
        evidence: [view.onHost(one, 'ip route', `${r.dst}${r.gateway === undefined ? '' : ` via ${r.gateway}`} dev ${r.device ?? '?'}`), view.rangeSeen(hit)],
      }];
    }));
  },
  bad: [node('n1', { args: [] }), host('n1', { routes: [route('10.42.64.0/18', { device: 'wg0' })] })],
  good: [
    node('n1', { args: [], podCIDR: '10.42.0.0/24' }),
    host('n1', { routes: [route('10.42.0.0/24', { device: 'cni0' }), route('10.8.0.0/16', { device: 'wg0' }), route('default', { device: 'eth0', gateway: '192.168.10.1' })] }),
  ],
};
