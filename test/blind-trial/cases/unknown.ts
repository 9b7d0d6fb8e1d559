/** Faults that the knowledge base does not have: what matters is that nothing is called proved, and that the broken part of the way is named. */
import { pod, ready } from '../../audit-trial/objects.ts';
import type { Case, Truth } from '../case.ts';
import { TONGUES } from '../client.ts';
import type { Draw } from '../draw.ts';
import { asks, asksApi, asksFor, backend, clientPod, followed, inPod, onNode, SERVER_PORT, SERVICE_PORT, webServer } from '../parts.ts';

type Made = ReturnType<Case['make']>;
const unknown = (lab: Case['lab'], id: string, what: string, broken: NonNullable<Truth['broken']>, make: Case['make']): Case => ({ id, set: 'unknown', lab, what, truth: { faults: [], broken, network: true }, make });
/** A server of the case's own, whose network is spoilt inside of the pod. */
const spoilt = (at: Draw, ...commands: string[]): Made => ({ changes: [backend('spoilt', at.api.name), ready('spoilt'), followed(at, 'spoilt'), ...commands.map((command) => inPod(at.api, 'spoilt', command))], asks: [asksFor(at, 'spoilt')] });
/** A client of the case's own, likewise. */
const spoiltClient = (at: Draw, ...commands: string[]): Made => ({ changes: [{ apply: [clientPod('odd', at.caller.name)] }, ready('odd'), ...commands.map((command) => inPod(at.caller, 'odd', command))], asks: [asksApi(at, { from: { place: at.caller, name: 'odd' }, tongues: TONGUES })] });
const filtered = (at: Draw): Made => spoilt(at, `iptables -I INPUT -p tcp --dport ${SERVER_PORT} -j DROP`);
/** Of no other part of the node: kube-proxy has 0x4000 and 0x8000. */
const MARK = '0x100';

export const UNKNOWN: readonly Case[] = [
  { ...unknown('flannel', 'filter-in-the-server', 'a packet filter inside of the server\'s pod drops its port', ['target'], filtered), quick: true },
  unknown('calico', 'calico-filter-in-the-server', 'the same, with Calico', ['target'], filtered),
  unknown('flannel', 'filter-in-the-client', 'a packet filter inside of the client\'s pod drops what it sends to the server', ['client', 'gateway'], (at) => spoiltClient(at, `iptables -I OUTPUT -p tcp -m multiport --dports ${SERVICE_PORT},${SERVER_PORT} -j DROP`)),
  unknown('flannel', 'filter-on-loopback', 'a packet filter inside of a pod drops what it sends to itself', ['client', 'gateway', 'process'], (at) => ({
    changes: [{ apply: [pod('inner', at.caller.name, { containers: [webServer('inner')] })] }, ready('inner'), inPod(at.caller, 'inner', `iptables -I INPUT -i lo -p tcp --dport ${SERVER_PORT} -j DROP`)],
    asks: [asks(at, `http://127.0.0.1:${SERVER_PORT}/`, [], { from: { place: at.caller, name: 'inner' } })],
  })),
  unknown('calico', 'device-down', 'the device of the server\'s pod is down', ['target'], (at) => spoilt(at, 'ip link set eth0 down')),
  unknown('flannel', 'arp-ignored', 'the kernel of the server\'s pod answers no ARP', ['target'], (at) => spoilt(at, 'sysctl -qw net.ipv4.conf.eth0.arp_ignore=8', 'ip neigh flush dev eth0')),
  unknown('calico', 'packets-die-at-once', 'packets of the client\'s pod have a time to live of one hop', ['client', 'gateway', 'node', 'between'], (at) => spoiltClient(at, 'sysctl -qw net.ipv4.ip_default_ttl=1')),
  unknown('flannel', 'policy-routing', 'a rule of the caller\'s node sends packets for the server\'s pods to a table of its own, where they end', ['node', 'between'], (at) => ({ changes: [onNode(at.caller, `ip route add blackhole default table 99 && ip rule add to ${at.api.podCidr} lookup 99`, `ip rule del to ${at.api.podCidr} lookup 99; ip route flush table 99`)], asks: [asksApi(at)] })),
  unknown('flannel', 'strict-reverse-path', 'rp_filter = 1 on the server\'s node, where another table has a route to the caller\'s pods for what is not marked', ['between', 'target'], (at) => ({
    // What is sent back is marked and takes the ordinary way; the kernel looks back at a sender without the mark (Linux: src_valid_mark).
    changes: [onNode(
      at.api,
      `ip route add ${at.caller.podCidr} dev eth0 table 99 && ip rule add to ${at.caller.podCidr} lookup 99 priority 200 && ip rule add fwmark ${MARK} lookup main priority 100 && iptables -t mangle -A PREROUTING -i cni0 -d ${at.caller.podCidr} -j MARK --set-mark ${MARK} && sysctl -n net.ipv4.conf.all.rp_filter > /run/trial-rpf && sysctl -qw net.ipv4.conf.all.rp_filter=1`,
      `sysctl -qw net.ipv4.conf.all.rp_filter="$(cat /run/trial-rpf)"; iptables -t mangle -D PREROUTING -i cni0 -d ${at.caller.podCidr} -j MARK --set-mark ${MARK}; ip rule del fwmark ${MARK} lookup main priority 100; ip rule del to ${at.caller.podCidr} lookup 99 priority 200; ip route flush table 99`,
    )],
    asks: [asksApi(at)],
  })),
  unknown('flannel', 'service-diverted', 'a rule of the caller\'s node diverts the Service\'s address to one that nobody has', ['service'], (at) => {
    const rule = `PREROUTING -s ${at.caller.caller.ip} -d ${at.api.api.clusterIp} -p tcp -j DNAT --to-destination 192.0.2.${at.number('192.0.2.', 1, 254)}`;
    return { changes: [onNode(at.caller, `iptables -t nat -I ${rule}`, `iptables -t nat -D ${rule}`)], asks: [asksApi(at)] };
  }),
  unknown('flannel', 'node-address-taken', 'duplicate IP: a third node has the address of the server\'s node, and the caller\'s has heard it last', ['between'], (at) => ({
    changes: [
      onNode(at.third, `ip addr add ${at.api.address}/32 dev eth0`, `ip addr del ${at.api.address}/32 dev eth0`),
      onNode(at.caller, `ping -c 1 -W 2 ${at.third.address} >/dev/null; mac=$(ip neigh show ${at.third.address} dev eth0 | sed -n 's/.*lladdr \\([^ ]*\\).*/\\1/p' | grep .) && ip neigh replace ${at.api.address} lladdr "$mac" dev eth0 nud permanent`, `ip neigh del ${at.api.address} dev eth0`),
    ],
    asks: [asksApi(at)],
  })),
  unknown('calico', 'filter-on-the-tunnel', 'nftables on the server\'s node drops what comes out of vxlan.calico from the range of the caller\'s node, before iptables sees it', ['between', 'target'], (at) => ({
    changes: [onNode(at.api, `printf 'table netdev trial {\\n chain c {\\n type filter hook ingress device "vxlan.calico" priority 0;\\n ip saddr ${at.caller.podCidr} drop\\n }\\n}\\n' | nft -f -`, 'nft delete table netdev trial')],
    asks: [asksApi(at)],
  })),
];
