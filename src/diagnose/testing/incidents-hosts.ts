/** Incidents of hosts, tunnels and addresses. */
import type { HostFacts } from '../../cluster/snapshot/host-facts.ts';
import type { Incident } from './incidents.ts';
import { textOf, type Flavour, type Trial } from './cluster.ts';

const CALICO: readonly Flavour[] = ['k3s-calico', 'kubeadm-calico'];
const FLANNEL: readonly Flavour[] = ['k3s-flannel', 'kubeadm-flannel'];
/** Pods of two nodes: web-1 is on n1, db-2 on n2, where the policies let it through. */
const across = (trial: Trial, kind: string): string[] => [textOf(trial, kind, trial.ip('db-2'), 5432), '--from', 'shop/web-1'];
const onHost = (trial: Trial, node: string, change: (host: HostFacts) => void): void => void trial.change('HostFacts', new RegExp(`^${node}$`), change);
const either = (trial: Trial): string => trial.random.pick(['n1', 'n2']);
const sysctl = (trial: Trial, node: string, name: string, value: string): void => onHost(trial, node, (host) => (host.sysctls = { ...host.sysctls, [name]: value }));

/** The entries of n1 for n2: neighbour and forwarding entry, as flanneld and Felix write them; `mac` and `dst` of whom they name. */
function entries(trial: Trial, mac: string, dst: string | undefined): void {
  const device = trial.flavour.endsWith('flannel') ? 'flannel.1' : 'vxlan.calico';
  onHost(trial, 'n1', (host) => {
    host.neighbours = [{ address: `${trial.base}.2.0`, device, mac, permanent: true }];
    host.fdb = dst === undefined ? [] : [{ mac, device, dst, permanent: true }];
  });
}

export const HOSTS: readonly Incident[] = [
  { fault: 'V6', what: "the forwarding entry leads to another node", network: true, flavours: FLANNEL, make: (trial) => { entries(trial, '02:00:00:00:00:02', trial.random.pick(['192.168.10.13', '192.168.10.11'])); return across(trial, 'timeout'); } },
  { fault: 'V6', what: 'the forwarding entry is gone', network: true, flavours: FLANNEL, make: (trial) => { entries(trial, '02:00:00:00:00:02', undefined); return across(trial, 'timeout'); } },
  { fault: 'A7', what: 'the neighbour entry has an old MAC address', network: true, flavours: FLANNEL, make: (trial) => { entries(trial, `02:00:00:00:00:${10 + trial.random.int(80)}`, '192.168.10.12'); return across(trial, 'timeout'); } },
  { fault: 'H7', what: 'a node does not forward', network: true, make: (trial) => { sysctl(trial, either(trial), 'net.ipv4.ip_forward', '0'); return across(trial, 'timeout'); } },
  { fault: 'H8', what: 'a node drops what it forwards', network: true, flavours: ['kubeadm-flannel'], make: (trial) => { onHost(trial, either(trial), (host) => { for (const { tables } of host.iptables ?? []) for (const table of tables) { table.policies['FORWARD'] = 'DROP'; table.chains = table.chains.filter((chain) => !chain.startsWith('FLANNEL')); table.rules = []; } }); return across(trial, 'timeout'); } },
  { fault: 'D4', what: 'the table of connections is full', network: true, make: (trial) => { const max = trial.random.pick([65_536, 131_072, 262_144]); onHost(trial, either(trial), (host) => (host.conntrack = { count: max - trial.random.int(100), max, insertFailed: 4, drop: 9000, earlyDrop: 100 })); return across(trial, 'timeout'); } },
  { fault: 'A6', what: 'the neighbour table is full', network: true, make: (trial) => { onHost(trial, either(trial), (host) => (host.neighbourTable = { entries: 1_020 + trial.random.int(5), tableFulls: 12 })); return across(trial, trial.random.pick(['timeout', 'no-route'])); } },
  { fault: 'A7', what: 'flannel.1 has another MAC address than was announced', network: true, flavours: FLANNEL, make: (trial) => { onHost(trial, either(trial), (host) => { for (const link of host.links ?? []) if (link.name === 'flannel.1') link.mac = `02:00:00:00:00:${10 + trial.random.int(80)}`; }); return across(trial, 'timeout'); } },
  { fault: 'C2', what: "a VPN's route leads away what is for pods of the other node", network: true, flavours: [...FLANNEL, ...CALICO], make: (trial) => { onHost(trial, 'n1', (host) => (host.routes = [...(host.routes ?? []), { family: 4, table: 'main', type: 'unicast', dst: `${trial.ip('db-2')}/32`, device: 'wg0', protocol: 'boot', onlink: false }])); return across(trial, 'timeout'); } },
  { fault: 'K8', what: 'the route to the other node is gone', network: true, flavours: [...FLANNEL, ...CALICO], make: (trial) => { onHost(trial, 'n1', (host) => (host.routes = (host.routes ?? []).filter(({ dst }) => !dst.startsWith(`${trial.base}.2.`)))); return across(trial, 'timeout'); }, or: ['A2'] },
  { fault: 'X2', what: 'lo is down in the pod', network: true, make: (trial) => { trial.inPods(trial.ip('web-1'), (facts: { loopbackUp: boolean }) => (facts.loopbackUp = false)); return [textOf(trial, 'net-unreachable', '127.0.0.1', 8080), '--from', 'shop/web-1']; } },
  { fault: 'A8', what: 'the pod lost its default route', network: true, make: (trial) => { trial.inPods(trial.ip('web-1'), (facts: { routes: object[] }) => (facts.routes = [])); return [textOf(trial, 'net-unreachable', trial.db, 5432), '--from', 'shop/web-1']; } },
  {
    fault: 'A1', what: "the node does not answer for the pods' gateway", network: true, flavours: CALICO,
    make: (trial) => { sysctl(trial, 'n1', 'net.ipv4.conf.cali0ef24b1e7a1.proxy_arp', '0'); trial.inPods(trial.ip('web-1'), (facts: { neighbours: object[] }) => (facts.neighbours = [{ address: '169.254.1.1', device: 'eth0', state: trial.random.pick(['FAILED', 'INCOMPLETE']) }])); return [textOf(trial, 'no-route', trial.db, 5432), '--from', 'shop/web-1']; },
  },
  { fault: 'A2', what: 'the node has no default route', network: true, flavours: CALICO, make: (trial) => { onHost(trial, 'n1', (host) => (host.routes = (host.routes ?? []).filter(({ dst }) => dst !== 'default'))); return [textOf(trial, 'no-route', trial.db, 5432), '--from', 'shop/web-1']; } },
  { fault: 'M1', what: 'the network card carries less than the tunnel lets through', network: 'unknown', flavours: ['k3s-flannel', 'kubeadm-flannel'], make: (trial) => { onHost(trial, 'n1', (host) => { for (const link of host.links ?? []) if (link.name === 'eth0') link.mtu = 1_400 + trial.random.int(90); }); return [`read tcp ${trial.ip('web-1')}:41000->${trial.ip('db-2')}:5432: i/o timeout`, '--from', 'shop/web-1']; } },
  { fault: 'H4', what: 'a host firewall is on', network: 'unknown', make: (trial) => { onHost(trial, either(trial), (host) => (host.services = { ...host.services, [trial.random.pick(['ufw', 'firewalld'])]: true })); return across(trial, trial.random.pick(['timeout', 'no-route'])); } },
  { fault: 'H9', what: "Flannel tells others an address that is not the node's", network: 'unknown', flavours: FLANNEL, make: (trial) => { trial.change('Node', /^n[12]$/, (node: { metadata: { annotations: Record<string, string> } }) => (node.metadata.annotations['flannel.alpha.coreos.com/public-ip'] = '10.0.2.15')); return across(trial, 'timeout'); } },
  { fault: 'H10', what: "Calico announces docker0's address", network: 'unknown', flavours: CALICO, or: ['L5'], make: (trial) => { trial.change('Node', /^n2$/, (node: { metadata: { annotations: Record<string, string> } }) => (node.metadata.annotations['projectcalico.org/IPv4Address'] = '172.17.0.1/16')); return across(trial, 'timeout'); } },
  { fault: 'K5', what: 'the node of the database is down', network: 'unknown', make: (trial) => { trial.change('Node', /^n2$/, (node: { status: { conditions: object[] } }) => (node.status.conditions = [{ type: 'Ready', status: 'Unknown' }])); return across(trial, trial.random.pick(['timeout', 'no-route'])); } },
  { fault: 'C5', what: 'two nodes have one range', network: 'unknown', make: (trial) => { trial.change('Node', /^n[12]$/, (node: { spec: object }) => Object.assign(node.spec, { podCIDR: `${trial.base}.1.0/24`, podCIDRs: [`${trial.base}.1.0/24`] })); return across(trial, 'timeout'); }, or: ['C7', 'L3'] },
  { fault: 'I3', what: 'two pods have one address', network: true, or: ['C7'], make: (trial) => { const ip = trial.ip('db-2'); trial.change('Pod', /^prometheus-2$/, (pod: { status: object }) => Object.assign(pod.status, { podIP: ip, podIPs: [{ ip }] })); return [`read tcp ${trial.ip('web-1')}:41000->${ip}:5432: read: connection reset by peer`, '--from', 'shop/web-1']; } },
];
