/** Two faults at once, as in the founding incident: each alone would be enough, or each has a complaint of its own. */
import { pod, ready, TRIAL } from '../../audit-trial/objects.ts';
import type { Change } from '../../audit-trial/fault.ts';
import type { Case } from '../case.ts';
import type { Draw } from '../draw.ts';
import { asks, asksApi, labFault, ofAudit, onNode, SERVICE_PORT, waiting, warned } from '../parts.ts';
import { announced } from './overlay.ts';
import { byName, closes, forgetsDns } from './policies.ts';

const compound = (lab: Case['lab'], id: string, what: string, faults: readonly (readonly string[])[], changes: (at: Draw) => readonly Change[], ask: (at: Draw) => ReturnType<Case['make']>['asks'] = (at) => [asksApi(at)]): Case => ({ id, set: 'compound', lab, what, truth: { faults, network: true }, make: (at) => ({ changes: changes(at), asks: ask(at) }) });
const stopsForwarding = (at: Draw): Change => onNode(at.api, 'sysctl -qw net.ipv4.ip_forward=0', 'sysctl -qw net.ipv4.ip_forward=1');
const wrongMac = (at: Draw): Change => labFault('wrong-vtep-mac', '--node', at.api.short);
const staleEntry = (at: Draw): Change => labFault('stale-fdb', '--node', at.api.short, '--peer', at.caller.short);
const routeGone = (at: Draw): Change => onNode(at.caller, `ip route show ${at.api.podCidr} | grep . > /run/trial-route && ip route del ${at.api.podCidr}`, 'ip route replace $(cat /run/trial-route)');
const tunnelFiltered = (at: Draw): Change => { const rule = `INPUT -s ${at.caller.address} -p udp --dport 8472 -j DROP`; return onNode(at.api, `iptables -I ${rule}`, `iptables -D ${rule}`); };
const blackhole = (at: Draw): Change => onNode(at.caller, `ip route add blackhole ${at.api.api.ip}/32`, `ip route del blackhole ${at.api.api.ip}/32`);
const FOUNDING = { name: 'agent', sidecar: 9500 };

export const COMPOUND: readonly Case[] = [
  compound('flannel', 'mac-and-forwarding', 'wrong MAC address of flannel.1, and the same node does not forward', [['A7'], ['H7']], (at) => [wrongMac(at), stopsForwarding(at)]),
  compound('flannel', 'entry-and-forwarding', 'stale forwarding entry, and the server\'s node does not forward', [['V6'], ['H7']], (at) => [staleEntry(at), stopsForwarding(at)]),
  compound('flannel', 'route-and-firewall', 'missing route on the caller\'s node, and the tunnel is filtered on the server\'s', [['K8'], ['V4', 'H4']], (at) => [routeGone(at), tunnelFiltered(at)]),
  compound('flannel', 'route-and-mac', 'missing route on the caller\'s node, and the server\'s has a wrong MAC address', [['K8'], ['A7']], (at) => [routeGone(at), wrongMac(at)]),
  compound('flannel', 'addresses-and-plugin', 'no address is left on the node, and the plugin portmap is not there', [['I1'], ['N3']], (at) => [...ofAudit('sandbox-fails', { 'agent-2': at.api }).slice(0, 1), ...ofAudit('no-address-left', { 'agent-1': at.api })], () => [warned('hungry', 'FailedCreatePodSandBox')]),
  compound('calico', 'policy-and-forwarding', 'a policy closes the server, and its node does not forward', [['P10'], ['H7']], (at) => [closes(at), stopsForwarding(at)]),
  compound('calico', 'policy-and-address', 'a policy closes the server, and Calico has another node\'s address for its node', [['P10'], ['H10', 'L5', 'V6']], (at) => [closes(at), announced(at, 'projectcalico.org/IPv4Address', '/32')]),
  compound('calico', 'policy-and-entry', 'a policy closes the server, and the forwarding entry for its node is stale', [['P10'], ['V6']], (at) => [closes(at), staleEntry(at)]),
  compound('calico', 'policy-and-route', 'a policy closes the server, and a route of the caller\'s node bars its address', [['P10'], ['K8']], (at) => [closes(at), blackhole(at)]),
  compound('calico', 'dns-and-policy', 'no DNS pod is ready, and a policy forgets DNS', [['D3'], ['P3']], (at) => [...ofAudit('dns-not-ready', {}), forgetsDns(at)], (at) => [byName(at)]),
  compound('calico', 'founding-incident', 'a sidecar is refused on 127.0.0.1, and a policy cuts the pod off from its scheduler; two complaints', [['X3', 'S2'], ['P10', 'S4']], (at) => [
    { apply: [pod(FOUNDING.name, at.caller.name, { containers: [waiting(FOUNDING.name)] })] }, ready(FOUNDING.name), closes(at),
  ], (at) => {
    const from = { place: at.caller, name: FOUNDING.name };
    return [asks(at, `http://127.0.0.1:${at.number('port', FOUNDING.sidecar, 9599)}/`, [], { from }), asks(at, `http://${at.api.api.clusterIp}/`, ['--to', `service:${TRIAL}/${at.api.api.name}`, '--port', String(SERVICE_PORT)], { from })];
  }),
];
