/** Known faults of Services, of addresses, and of what gives pods their network. */
import { idle, pod, ready, TRIAL } from '../../audit-trial/objects.ts';
import { bridgeConf, K3S_CONFS } from '../../audit-trial/faults/addresses.ts';
import type { Change } from '../../audit-trial/fault.ts';
import { networkName } from '../../../src/cni/calico/conflist.ts';
import type { Case, Truth } from '../case.ts';
import { inNetworkOf, TONGUES } from '../client.ts';
import type { Draw } from '../draw.ts';
import { asks, asksFor, backend, clientPod, followed, ofAudit, onNode, reaches, SERVICE_PORT, warned, webServer, webService } from '../parts.ts';
import { network } from './overlay.ts';

const innocent = (...right: string[]): Truth => ({ faults: [right], network: false });
const known = (lab: Case['lab'], id: string, what: string, truth: Truth, make: Case['make']): Case => ({ id, set: 'known', lab, what, truth, make });
const loopbackOnly = (at: Draw): ReturnType<Case['make']> => ({ changes: [backend('inward', at.api.name, { containers: [webServer('inward', { address: '127.0.0.1' })] }), ready('inward'), followed(at, 'inward')], asks: [asksFor(at, 'inward')] });
const LEASES = '/var/lib/cni/networks/cbr0';
/** The server's lease is lost while it runs, and the next to be given is its address. */
const leaseLost = (ip: string): [string, string] => {
  const before = ip.replace(/\d+$/, (last) => String(Number(last) - 1));
  return [`cd ${LEASES} && mkdir -p /run/trial && cp last_reserved_ip.0 /run/trial/last && mv ${ip} /run/trial/lease && printf %s ${before} > last_reserved_ip.0`, `cd ${LEASES} && mv /run/trial/lease ${ip} && cp /run/trial/last last_reserved_ip.0; ip neigh flush dev cni0`];
};
/** The node has heard the twin last: which of the two that is is a matter of chance. */
const heardLast = (ip: string): string => `mac=$(${inNetworkOf('twin.js', "ip -o link show eth0")} | sed -n 's/.*link.ether \\([^ ]*\\).*/\\1/p' | grep .) && ip neigh replace ${ip} lladdr "$mac" dev cni0 nud permanent`;
const stranger = (lab: Case['lab'], id: string, dir: string, subnet: string, right: readonly string[]): Case => known(lab, id, 'two CNI configurations: a bridge\'s came first when the server\'s pod was made', network(...right), (at) => ({
  changes: [bridgeConf(at.api.name, dir, subnet), backend('stranger', at.api.name), ready('stranger'), followed(at, 'stranger')], asks: [asksFor(at, 'stranger')],
}));
const CALICO_NODENAME = '/var/lib/calico/nodename';
/** Calico's conflist names the network so, and host-local keeps its leases by that name. */
const CALICO_LEASES = `/var/lib/cni/networks/${networkName}`;
const leaked = (at: Draw): Change => onNode(
  at.api, `cd ${CALICO_LEASES} && for n in $(seq 2 254); do [ -e ${at.api.podPrefix}.$n ] || echo trial-leak > ${at.api.podPrefix}.$n; done`,
  `cd ${CALICO_LEASES} && grep -l trial-leak ${at.api.podPrefix}.* | xargs -r rm`,
);

export const SERVICES: readonly Case[] = [
  known('flannel', 'wrong-target-port', 'wrong targetPort: the Service leads to a port where nobody listens', innocent('X3'), (at) => ({ changes: [{ apply: [webService('orders', { selector: { app: at.api.api.name }, ports: [{ port: SERVICE_PORT, targetPort: at.number('targetPort', 8081, 9999) }] })] }], asks: [asksFor(at, 'orders')] })),
  known('flannel', 'port-name-slip', 'the Service leads to a port by a name that its pods do not have', { ...innocent('K10'), also: { K1: 'no endpoint has a port to go to' } }, (at) => ({ changes: [{ apply: [webService('catalog-v2', { selector: { app: at.api.api.name }, ports: [{ port: SERVICE_PORT, targetPort: at.one('name', ['htpp', 'web', 'https', 'grpc']) }] })] }], asks: [asksFor(at, 'catalog-v2')] })),
  known('calico', 'service-port-missing', 'a port that the Service does not have', innocent('K2'), (at) => { const port = at.number('port', 7001, 9999); return { changes: [], asks: [asks(at, `http://${at.api.api.clusterIp}:${port}/`, ['--to', `service:${TRIAL}/${at.api.api.name}`, '--port', String(port)], { tongues: ['node', 'go'] })] }; }),
  known('calico', 'selector-slip', 'the selector of the Service matches no pod', innocent('K1'), (at) => ({ changes: [{ apply: [webService('payments', { selector: { app: at.one('selector', ['payment', 'pay', 'payments-v2']) } })] }], asks: [asksFor(at, 'payments')] })),
  known('calico', 'never-ready', 'the only pod of the Service is not ready', innocent('K1', 'K6'), (at) => ({ changes: [backend('unready', at.api.name, { containers: [webServer('unready', {}, { readinessProbe: { tcpSocket: { port: at.number('probed', 9000, 9999) }, periodSeconds: 1 } })] }), reaches('unready', '{.status.phase}=Running')], asks: [asksFor(at, 'unready')] })),
  { ...known('flannel', 'loopback-listener', 'server on 127.0.0.1 only', innocent('X4'), loopbackOnly), quick: true },
  known('calico', 'calico-loopback-listener', 'the same, with Calico', innocent('X4'), loopbackOnly),
  known('flannel', 'host-port-clash', 'hostPort clash: two pods want one port of a node, and the second is behind the Service', { ...innocent('W5'), also: { K1: 'the pod that waits is the only one of the Service' } }, (at) => {
    const hostPort = at.number('hostPort', 20_000, 29_999);
    const port = { ports: [{ name: 'http', containerPort: 8080, hostPort }] };
    // Through the scheduler, which is what tells of it; a pod that is bound by its manifest is refused by the kubelet.
    const second = { spec: { nodeName: undefined, nodeSelector: { 'kubernetes.io/hostname': at.api.name } }, containers: [webServer('edge-b', {}, port)] };
    return { changes: [{ apply: [pod('edge-a', at.api.name, { containers: [webServer('edge-a', {}, port)] })] }, ready('edge-a'), backend('edge-b', at.api.name, second)], asks: [asksFor(at, 'edge-b')] };
  }),
  known('flannel', 'address-given-twice', 'duplicate IP: the lease of the server\'s pod is lost, and another pod gets its address', network('I3', 'C7'), (at) => ({ changes: [onNode(at.api, ...leaseLost(at.api.api.ip)), { apply: [clientPod('twin', at.api.name)] }, ready('twin'), onNode(at.api, heardLast(at.api.api.ip), `ip neigh del ${at.api.api.ip} dev cni0`)], asks: [asks(at, `http://${at.api.api.clusterIp}/`, ['--to', `service:${TRIAL}/${at.api.api.name}`, '--port', String(SERVICE_PORT)], { tongues: TONGUES })] })),
  { ...known('flannel', 'addresses-used-up', 'exhausted IPAM: leases hold all addresses of a node', network('I1'), (at) => ({ changes: ofAudit('no-address-left', { 'agent-1': at.api }), asks: [warned('hungry', 'FailedCreatePodSandBox')] })), quick: true },
  known('calico', 'calico-addresses-used-up', 'the same, with Calico', network('I1'), (at) => ({ changes: [leaked(at), { apply: [pod('hungry', at.api.name, { containers: [idle('idle')] })] }], asks: [warned('hungry', 'FailedCreatePodSandBox')] })),
  stranger('flannel', 'foreign-conf-first', K3S_CONFS, '10.88.0.0/16', ['N1', 'C7']),
  stranger('calico', 'calico-foreign-conf-first', '/etc/cni/net.d', '10.42.222.0/24', ['N1', 'L3', 'C7']),
  known('calico', 'stale-flannel-conf', 'two CNI configurations: Flannel\'s came back, before Calico\'s, and its plugin is not there', network('N1', 'N3'), (at) => ({ changes: [...ofAudit('stale-flannel-conf', { 'agent-2': at.api }), { apply: [pod('waiting', at.api.name)] }], asks: [warned('waiting', 'FailedCreatePodSandBox')] })),
  known('flannel', 'plugin-gone', 'the plugin portmap is not there', network('N3'), (at) => ({ changes: ofAudit('sandbox-fails', { 'agent-2': at.api }), asks: [warned('waiting', 'FailedCreatePodSandBox')] })),
  known('flannel', 'loopback-plugin-gone', 'the plugin loopback is not there', network('N3', 'X2'), (at) => ({ changes: [...ofAudit('loopback-plugin-gone', { 'agent-1': at.api }), { apply: [pod('waiting', at.api.name)] }], asks: [warned('waiting', 'FailedCreatePodSandBox')] })),
  known('flannel', 'conf-in-other-directory', 'the CNI configuration lies where containerd does not look', { ...network('N3', 'N4'), also: { K5: 'the node is not ready without a network' } }, (at) => ({ changes: [...ofAudit('conf-in-other-directory', { 'agent-2': at.api }), { apply: [pod('waiting', at.api.name)] }], asks: [warned('waiting', 'FailedCreatePodSandBox|NetworkNotReady')] })),
  known('calico', 'calico-has-not-run', 'the file that calico-node writes when it starts is gone', network('N2'), (at) => ({ changes: [onNode(at.api, `mv ${CALICO_NODENAME} ${CALICO_NODENAME}.trial`, `mv ${CALICO_NODENAME}.trial ${CALICO_NODENAME}`), { apply: [pod('waiting', at.api.name)] }], asks: [warned('waiting', 'FailedCreatePodSandBox')] })),
];
