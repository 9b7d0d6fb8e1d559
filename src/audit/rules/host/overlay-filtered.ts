/** FL-HOST-017. */
import type { HostFacts } from '../../../cluster/snapshot/host-facts.ts';
import { filterTable, flannelDaemonSet, host, node, vxlanLink } from '../../examples.ts';
import { verdictOf, type Packet } from '../../packet-filter.ts';
import { needsHosts, type Rule } from '../../rule.ts';
import type { View } from '../../view.ts';

/** The packets that other nodes' tunnels send to this one. */
function tunnelPackets(view: View, one: HostFacts): { packet: Packet; from: string; tunnel: string }[] {
  const peers = view.nodes.filter(({ metadata }) => metadata.name !== one.node).flatMap((peer) => {
    const source = view.addressOf(peer);
    return source === undefined || source.includes(':') ? [] : [{ from: peer.metadata.name, source }];
  });
  const tunnels = (one.links ?? []).filter(({ up }) => up).flatMap((link): { tunnel: string; packet: Omit<Packet, 'source'> }[] => {
    if (link.vxlan !== undefined && link.vxlan.port > 0) return [{ tunnel: `${link.name} (VXLAN, UDP ${link.vxlan.port})`, packet: { protocol: 'udp', port: link.vxlan.port, ...(link.vxlan.device === undefined ? {} : { device: link.vxlan.device }) } }];
    return link.name === 'tunl0' ? [{ tunnel: 'tunl0 (IPIP, protocol 4)', packet: { protocol: 'ipencap' } }] : [];
  });
  return tunnels.flatMap(({ tunnel, packet }) => peers.map(({ from, source }) => ({ from, tunnel, packet: { ...packet, source } })));
}

/** Native chains that drop by default and are none of iptables': their rules are not in a snapshot. */
function closedNatively({ nftChains = [] }: HostFacts): string[] {
  return nftChains.filter(({ table, hook, type, policy }) => hook === 'input' && type === 'filter' && policy === 'drop' && !/^(ip|ip6) (filter|raw|mangle|nat|security)$/.test(table)).map(({ table, chain }) => `${table} ${chain}`);
}

export const overlayFiltered: Rule = {
  id: 'FL-HOST-017',
  title: "A node's packet filter drops the tunnel packets of other nodes",
  severity: 'error',
  faults: ['V4', 'H4'],
  looksAt: "For each tunnel device that is up (VXLAN: its UDP port; tunl0: protocol 4) the chain INPUT of both iptables backends is gone through with a packet from every other node's address, user chains included. Only what is certain is reported: rules with matches that cannot be judged may let it through. Native nftables chains that drop by default are told as not judged.",
  why: 'Pods of one node reach each other, and those of other nodes time out, or answer `no route to host` at once when the filter rejects; names do not resolve on nodes without a DNS pod. Nodes stay Ready.',
  fix: [
    { what: "Let the tunnel in from the nodes' network, for good (ufw, firewalld, the script that wrote the rules).", command: 'ufw allow from 192.168.10.0/24 to any port 8472 proto udp\niptables -I INPUT -s 192.168.10.0/24 -p udp --dport 8472 -j ACCEPT   # until the next reboot' },
  ],
  refs: ['k3s#2049', 'k3s#6240', 'docs.k3s.io/installation/requirements'],
  check(view) {
    const missing = needsHosts(view);
    if (missing !== undefined) return missing;
    const untold: { what: string; why: string }[] = [];
    const found = view.hosts.flatMap((one) => {
      const packets = tunnelPackets(view, one);
      if (packets.length === 0) return [];
      if (one.iptables === undefined) {
        untold.push({ what: `node ${one.node}`, why: 'its packet filter was not read' });
        return [];
      }
      const dropped = packets.flatMap(({ packet, from, tunnel }) => (one.iptables ?? []).filter(({ family }) => family === 4).flatMap(({ backend, tables }) => tables.filter(({ name }) => name === 'filter').flatMap((table) => {
        const { verdict, by } = verdictOf(table, 'INPUT', packet);
        return verdict === 'drop' ? [{ backend, by, from, tunnel, source: packet.source }] : [];
      })));
      const [first] = dropped;
      if (first === undefined) {
        const closed = closedNatively(one);
        if (closed.length > 0) untold.push({ what: `node ${one.node}`, why: `the nftables chain ${closed.join(', ')} drops by default, and its rules are not in the snapshot` });
        return [];
      }
      const peers = [...new Set(dropped.map(({ from }) => from))];
      return [{
        subjects: [`Node ${one.node}`],
        summary: `node ${one.node} drops packets of ${first.tunnel} from ${peers.length === 1 ? `node ${peers[0] ?? ''}` : `${peers.length} nodes`}`,
        evidence: [
          view.onHost(one, `iptables-${first.backend}-save, table filter`, first.by),
          view.derived(`chain INPUT of node ${one.node}, gone through with a packet from ${first.source}`, `${first.tunnel}: dropped by ${first.by}`),
        ],
      }];
    });
    return untold.length === 0 ? found : { found, partly: untold };
  },
  bad: [
    node('n1'), node('n2', { address: '192.168.10.12' }), flannelDaemonSet(),
    host('n1', { links: [vxlanLink('flannel.1')], iptables: [{ family: 4, backend: 'nft', tables: [filterTable({ policies: { INPUT: 'DROP', FORWARD: 'ACCEPT' }, rules: ['-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', '-A INPUT -i lo -j ACCEPT', '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'] })] }] }),
  ],
  good: [
    node('n1'), node('n2', { address: '192.168.10.12' }), flannelDaemonSet(),
    host('n1', { links: [vxlanLink('flannel.1')], iptables: [{ family: 4, backend: 'nft', tables: [filterTable({ policies: { INPUT: 'DROP', FORWARD: 'ACCEPT' }, rules: ['-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', '-A INPUT -i lo -j ACCEPT', '-A INPUT -s 192.168.10.0/24 -p udp -m udp --dport 8472 -j ACCEPT'] })] }] }),
  ],
};
