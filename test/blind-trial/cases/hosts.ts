/** Known faults of hosts: forwarding, filters, routes, kube-proxy; and of the gateway and the devices of pods. */
import { pod, ready } from '../../audit-trial/objects.ts';
import type { Case } from '../case.ts';
import { inNetworkOf, TONGUES } from '../client.ts';
import type { Draw, Place } from '../draw.ts';
import { asks, asksApi, asksFor, backend, clientPod, followed, inPod, labFault, ofAudit, onNode, SERVER_PORT, webServer, webService } from '../parts.ts';
import { network } from './overlay.ts';

type Change = ReturnType<typeof onNode>;
/** A setting of the node of one of both ends. */
const stopsForwarding = (at: Draw): Change => onNode(at.one('at', ['caller', 'server']) === 'caller' ? at.caller : at.api, 'sysctl -qw net.ipv4.ip_forward=0', 'sysctl -qw net.ipv4.ip_forward=1');
const rule = (place: Place, table: string, chain: string, spec: string): Change => onNode(place, `iptables -t ${table} -I ${chain} ${spec}`, `iptables -t ${table} -D ${chain} ${spec}`);
const toApi = (at: Draw): string => `-s ${at.caller.caller.ip} -d ${at.api.api.ip} -p tcp --dport ${SERVER_PORT}`;
const routeGone = (at: Draw): Change => onNode(at.caller, `ip route show ${at.api.podCidr} | grep . > /run/trial-route && ip route del ${at.api.podCidr}`, 'ip route replace $(cat /run/trial-route)');
const barred = (at: Draw): Change => { const to = `${at.one('type', ['unreachable', 'blackhole', 'prohibit'])} ${at.api.api.ip}/32`; return onNode(at.caller, `ip route add ${to}`, `ip route del ${to}`); };
/** The caller forgets its gateway, as it does after a minute of silence. */
const forgets = (at: Draw): Change => onNode(at.caller, inNetworkOf(`${at.caller.caller.name}.js`, 'ip neigh flush dev eth0'), 'true');
const KUBE_PROXY = 'pgrep -x kube-proxy | grep .';
const withoutRules = (address: string): [string, string] => [
  `iptables -t nat -S KUBE-SERVICES | grep -F -e '-d ${address}/32 ' > /run/trial-rules && sed 's/^-A/-D/' /run/trial-rules | xargs -L1 iptables -t nat`,
  "sed 's/^-A KUBE-SERVICES/-I KUBE-SERVICES 1/' /run/trial-rules | xargs -L1 iptables -t nat",
];

/** A client of the case's own, whose pod is spoilt and goes with it. */
const stranded = (lab: Case['lab'], id: string): Case => ({
  id, set: 'known', lab, what: 'missing route in a pod: its default route is gone', truth: network('A8'),
  make: (at) => ({ changes: [{ apply: [clientPod('stranded', at.caller.name)] }, ready('stranded'), inPod(at.caller, 'stranded', 'ip route del default')], asks: [asksApi(at, { from: { place: at.caller, name: 'stranded' }, tongues: TONGUES })] }),
});

export const HOSTS: readonly Case[] = [
  { id: 'no-forwarding', set: 'known', lab: 'flannel', what: 'a node of both ends does not forward', truth: network('H7'), make: (at) => ({ changes: [stopsForwarding(at)], asks: [asksApi(at)] }) },
  { id: 'calico-no-forwarding', set: 'known', lab: 'calico', what: 'the same, with Calico', truth: network('H7'), make: (at) => ({ changes: [stopsForwarding(at)], asks: [asksApi(at)] }) },
  { id: 'forward-drop', set: 'known', lab: 'calico', what: 'FORWARD of the server\'s node drops by default, and Calico\'s chain is not called from it', truth: network('H8'), make: (at) => ({ changes: ofAudit('forward-drop', { 'agent-2': at.api }), asks: [asksApi(at)] }) },
  { id: 'filter-drops', set: 'known', lab: 'flannel', what: 'a rule in FORWARD drops this connection', truth: network('K11', 'H4'), make: (at) => ({ changes: [rule(at.one('at', ['caller', 'server']) === 'caller' ? at.caller : at.api, 'filter', 'FORWARD', `${toApi(at)} -j DROP`)], asks: [asksApi(at)] }) },
  { id: 'filter-rejects', set: 'known', lab: 'flannel', what: 'a rule in FORWARD rejects this connection', truth: network('K11', 'H4'), make: (at) => ({ changes: [rule(at.api, 'filter', 'FORWARD', `${toApi(at)} -j REJECT --reject-with ${at.one('with', ['icmp-port-unreachable', 'icmp-host-prohibited'])}`)], asks: [asksApi(at)] }) },
  { id: 'raw-drops', set: 'known', lab: 'calico', what: 'a rule in PREROUTING of the table raw drops this connection', truth: network('K11', 'H4'), make: (at) => ({ changes: [rule(at.api, 'raw', 'PREROUTING', `${toApi(at)} -j DROP`)], asks: [asksApi(at)] }) },
  { id: 'route-gone', set: 'known', lab: 'flannel', what: 'missing route: the caller\'s node has none to the range of the server\'s', truth: network('K8'), quick: true, make: (at) => ({ changes: [routeGone(at)], asks: [asksApi(at)] }) },
  { id: 'route-barred', set: 'known', lab: 'flannel', what: 'a route of the caller\'s node bars the server\'s address', truth: network('K8'), make: (at) => ({ changes: [barred(at)], asks: [asksApi(at)] }) },
  { id: 'calico-route-barred', set: 'known', lab: 'calico', what: 'the same, with Calico', truth: network('K8'), make: (at) => ({ changes: [barred(at)], asks: [asksApi(at)] }) },
  { id: 'vpn-route', set: 'known', lab: 'flannel', what: 'a VPN of the caller\'s node has a route into the range of the server\'s pods', truth: network('C2'), make: (at) => ({ changes: [onNode(at.caller, `ip link add wg0 type veth peer name wg0-far && ip link set wg0 up && ip link set wg0-far up && ip route add ${at.api.podPrefix}.0/25 dev wg0`, 'ip link del wg0')], asks: [asksApi(at)] }) },
  { id: 'kube-proxy-stands-still', set: 'known', lab: 'flannel', what: 'killed kube-proxy: that of the caller\'s node stands still, and the Service is new', truth: network('K7'), make: (at) => ({ changes: [onNode(at.caller, `kill -STOP $(${KUBE_PROXY})`, 'kill -CONT $(pgrep -x kube-proxy)'), { apply: [webService('fresh', { selector: { app: at.api.api.name } })] }], asks: [asksFor(at, 'fresh')] }) },
  { id: 'service-rules-gone', set: 'known', lab: 'calico', what: 'the caller\'s node has lost kube-proxy\'s rules for the Service', truth: network('K7'), make: (at) => ({ changes: [onNode(at.caller, ...withoutRules(at.api.api.clusterIp))], asks: [asksApi(at)] }) },
  { id: 'bridge-past-filter', set: 'known', lab: 'flannel', what: 'net.bridge.bridge-nf-call-iptables = 0, both ends on one node', together: true, truth: network('H6'), make: (at) => ({ changes: ofAudit('bridge-past-filter', { 'agent-2': at.api }), asks: [asksApi(at)] }) },
  { id: 'gateway-silent', set: 'known', lab: 'calico', what: 'calico#8689\'s shape: the caller\'s node does not answer for 169.254.1.1', truth: network('A1', 'A5'), quick: true, make: (at) => ({ changes: [...ofAudit('gateway-not-answered', { 'agent-1': at.caller }), forgets(at)], asks: [asksApi(at)] }) },
  { id: 'gateway-without-route', set: 'known', lab: 'calico', what: 'the caller\'s node has no default route, and so none to its pods\' gateway', truth: network('A2'), make: (at) => ({ changes: [...ofAudit('gateway-without-route', { 'agent-2': at.caller }), forgets(at)], asks: [asksApi(at)] }) },
  stranded('calico', 'calico-pod-route-gone'),
  stranded('flannel', 'pod-route-gone'),
  {
    id: 'loopback-down', set: 'known', lab: 'flannel', what: 'loopback blocked inside a pod: its device is down', truth: network('X2'),
    make: (at) => ({ changes: [{ apply: [pod('inner', at.caller.name, { containers: [webServer('inner')] })] }, ready('inner'), inPod(at.caller, 'inner', 'ip link set lo down')], asks: [asks(at, `http://127.0.0.1:${SERVER_PORT}/`, [], { from: { place: at.caller, name: 'inner' } })] }),
  },
  {
    id: 'felix-stands-still', set: 'known', lab: 'calico', what: 'Felix stands still while a new pod starts', truth: network('A9'),
    make: (at) => ({ changes: [labFault('felix-hang', '--node', at.caller.short), { apply: [clientPod('late', at.caller.name)] }, ready('late')], asks: [asksApi(at, { from: { place: at.caller, name: 'late' }, tongues: TONGUES })] }),
  },
  { id: 'address-taken-away', set: 'known', lab: 'flannel', what: 'the server\'s pod has lost its address', truth: network('K9'), make: (at) => ({ changes: [backend('vanished', at.api.name), ready('vanished'), followed(at, 'vanished'), inPod(at.api, 'vanished', 'ip addr flush dev eth0')], asks: [asksFor(at, 'vanished')] }) },
  { id: 'host-closed', set: 'known', lab: 'calico', what: 'a HostEndpoint closes the server\'s node, and no policy opens it', truth: network('P7'), make: (at) => ({ changes: ofAudit('host-closed', { 'agent-2': at.api }), asks: [asks(at, `http://${at.api.address}:10250/`, ['--to', at.api.address, '--port', '10250'], { tongues: TONGUES })] }) },
];

