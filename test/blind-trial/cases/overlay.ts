/** Known faults between nodes: tunnels, sizes, the wire. */
import type { Case, Truth } from '../case.ts';
import type { Draw } from '../draw.ts';
import { asksApi, labFault, onNode, uploads } from '../parts.ts';

export const network = (...right: string[]): Truth => ({ faults: [right], network: true });
const keep = '/run/trial-overlay';

/** The entry of Flannel's tunnel on the caller's node for the server's node. */
const forwarding = (at: Draw): [string, string] => [
  `bridge fdb show dev flannel.1 | grep -F 'dst ${at.api.address} ' | cut -d ' ' -f 1 > ${keep} && bridge fdb del "$(cat ${keep})" dev flannel.1 dst ${at.api.address}`,
  `bridge fdb replace "$(cat ${keep})" dev flannel.1 dst ${at.api.address} self permanent`,
];
const neighbour = (at: Draw): [string, string] => [
  `ip neigh show ${at.api.podPrefix}.0 dev flannel.1 | sed -n 's/.*lladdr \\([^ ]*\\).*/\\1/p' | grep . > ${keep} && ip neigh del ${at.api.podPrefix}.0 dev flannel.1`,
  `ip neigh replace ${at.api.podPrefix}.0 lladdr "$(cat ${keep})" dev flannel.1 nud permanent`,
];
const oneWay = (at: Draw, port: number): ReturnType<typeof labFault> => labFault('one-way-drop', '--node', at.api.short, '--peer', at.caller.short, '--port', String(port), '--direction', at.one('direction', ['in', 'out']));
const hole = (at: Draw): ReturnType<typeof labFault> => labFault('mtu-black-hole', '--node', at.api.short, '--peer', at.caller.short, '--bytes', String(at.number('bytes', 1000, 1440)));
const wire = (fault: 'drop' | 'arp-silence') => (at: Draw): ReturnType<Case['make']> => ({ changes: [labFault(fault, '--node', at.api.short, '--peer', at.caller.short)], asks: [asksApi(at)] });

export const OVERLAY: readonly Case[] = [
  { id: 'wrong-vtep-mac', set: 'known', lab: 'flannel', what: 'flannel.1 of the server\'s node has another MAC address than was announced', truth: network('A7'), quick: true, make: (at) => ({ changes: [labFault('wrong-vtep-mac', '--node', at.api.short)], asks: [asksApi(at)] }) },
  { id: 'stale-fdb', set: 'known', lab: 'flannel', what: 'the forwarding entry for the server\'s node leads to an address that nobody has', truth: network('V6'), make: (at) => ({ changes: [labFault('stale-fdb', '--node', at.api.short, '--peer', at.caller.short)], asks: [asksApi(at)] }) },
  { id: 'calico-stale-fdb', set: 'known', lab: 'calico', what: 'the same, with Calico', truth: network('V6'), make: (at) => ({ changes: [labFault('stale-fdb', '--node', at.api.short, '--peer', at.caller.short)], asks: [asksApi(at)] }) },
  { id: 'fdb-entry-gone', set: 'known', lab: 'flannel', what: 'the forwarding entry for the server\'s node is gone', truth: network('V6'), make: (at) => ({ changes: [onNode(at.caller, ...forwarding(at))], asks: [asksApi(at)] }) },
  { id: 'tunnel-neighbour-gone', set: 'known', lab: 'flannel', what: 'the neighbour entry on flannel.1 for the server\'s node is gone', truth: network('V6'), make: (at) => ({ changes: [onNode(at.caller, ...neighbour(at))], asks: [asksApi(at)] }) },
  { id: 'tunnel-one-way', set: 'known', lab: 'flannel', what: 'one-way firewall between nodes: UDP 8472 is lost in one direction', truth: network('V4', 'H4'), make: (at) => ({ changes: [oneWay(at, 8472)], asks: [asksApi(at)] }) },
  { id: 'calico-tunnel-one-way', set: 'known', lab: 'calico', what: 'one-way firewall between nodes: UDP 4789 is lost in one direction', truth: network('V4', 'H4'), make: (at) => ({ changes: [oneWay(at, 4789)], asks: [asksApi(at)] }) },
  {
    id: 'host-firewall-on-tunnel', set: 'known', lab: 'flannel', what: 'a rule in INPUT of the server\'s node stops UDP 8472 of the caller\'s node', truth: network('V4', 'H4'),
    make: (at) => { const rule = `INPUT -s ${at.caller.address} -p udp --dport 8472 -j ${at.one('target', ['DROP', 'REJECT'])}`; return { changes: [onNode(at.api, `iptables -I ${rule}`, `iptables -D ${rule}`)], asks: [asksApi(at)] }; },
  },
  { id: 'large-packets-lost', set: 'known', lab: 'flannel', what: 'wrong MTU between nodes: what is larger is lost without a word', truth: network('M2', 'M1'), make: (at) => ({ changes: [hole(at)], asks: [uploads(at)] }) },
  { id: 'calico-large-packets-lost', set: 'known', lab: 'calico', what: 'the same, with Calico', truth: network('M2', 'M1'), make: (at) => ({ changes: [hole(at)], asks: [uploads(at)] }) },
  {
    // A virtual cable carries trains of segments as one packet; a wire sees single ones.
    id: 'card-too-small', set: 'known', lab: 'flannel', what: 'wrong MTU of a card: that of the server\'s node carries less than the tunnel lets through', truth: network('M1', 'M2'),
    make: (at) => ({ changes: [onNode(at.caller, 'ip link set eth0 gso_max_segs 1', 'ip link set eth0 gso_max_segs 65535'), onNode(at.api, `ip link set eth0 mtu ${at.number('mtu', 1320, 1440)}`, 'ip link set eth0 mtu 1500')], asks: [uploads(at)] }),
  },
  { id: 'nodes-cut-off', set: 'known', lab: 'flannel', what: 'nothing passes between two nodes', truth: network('V7'), make: wire('drop') },
  { id: 'calico-nodes-cut-off', set: 'known', lab: 'calico', what: 'the same, with Calico', truth: network('V7'), make: wire('drop') },
  { id: 'arp-silence', set: 'known', lab: 'flannel', what: 'ARP silence: the server\'s node no longer answers the caller\'s', truth: network('V7'), make: wire('arp-silence') },
  { id: 'flannel-wrong-address', set: 'known', lab: 'flannel', what: 'Flannel announces another node\'s address for the server\'s node', truth: { ...network('H9'), also: { V6: 'the entries of the other nodes lead to the wrong node, which is the consequence' } }, make: (at) => ({ changes: [announced(at, 'flannel.alpha.coreos.com/public-ip', '')], asks: [asksApi(at)] }) },
  { id: 'calico-wrong-address', set: 'known', lab: 'calico', what: 'Calico has another node\'s address for the server\'s node', truth: { ...network('H10', 'L5'), also: { V6: 'the entries of the other nodes lead to the wrong node, which is the consequence' } }, make: (at) => ({ changes: [announced(at, 'projectcalico.org/IPv4Address', '/32')], asks: [asksApi(at)] }) },
];

/** Another node's address stands for the server's node in an annotation. */
export function announced(at: Draw, key: string, suffix: string): ReturnType<Case['make']>['changes'][number] {
  const annotations = (address: string): object => ({ metadata: { annotations: { [key]: `${address}${suffix}` } } });
  return { patch: { kind: 'node', name: at.api.name }, to: annotations(at.third.address), back: annotations(at.api.address) };
}
