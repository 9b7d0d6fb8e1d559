/** Incidents between two nodes of a living cluster: what is broken on the wire or on a node, and what is to be said of it. */
import type { HostFacts } from '../../cluster/snapshot/host-facts.ts';
import { Random, Trial, type Flavour } from './cluster.ts';
import type { WireNode, WireOptions } from './wire.ts';

export interface LiveIncident {
  what: string;
  /** The fault; undefined where nothing may be proved. */
  fault: string | undefined;
  flavour?: Flavour;
  /** Changes the objects of a healthy cluster. */
  make?: (trial: Trial) => void;
  /** Changes what is between the nodes, and on them. */
  nodes?: Readonly<Record<string, Partial<WireNode>>>;
  wire?: Omit<Partial<WireOptions>, 'nodes'>;
  /** Faults that may neither be proved nor likely. */
  not?: readonly string[];
  /** What the observation `tunnel` must have come to. */
  tunnel?: string;
}

/** Nodes that nothing passes between. */
const APART = (from: string, to: string): boolean => from === to;
const VXLAN = 8472;
const onHost = (trial: Trial, node: string, change: (host: HostFacts) => void): void => void trial.change('HostFacts', new RegExp(`^${node}$`), change);
const vxlanOf = (host: HostFacts): { port: number; vni: number } | undefined => host.links?.find(({ vxlan }) => vxlan !== undefined)?.vxlan;
const announced = (ip: string) => (trial: Trial): void => void trial.change('Node', /^n2$/, (node: { metadata: { annotations: Record<string, string> } }) => (node.metadata.annotations['flannel.alpha.coreos.com/public-ip'] = ip));
const down = (trial: Trial): void => void trial.change('Node', /^n2$/, (node: { status: { conditions: object[] } }) => (node.status.conditions = [{ type: 'Ready', status: 'Unknown' }]));

/** Routes to pods, as Calico's plugin sets them, and what Felix writes for a device. */
const devices = (trial: Trial): void => { for (const [node, name, device] of [['n1', 'web-1', 'caliweb'], ['n2', 'db-2', 'calidb']] as const) onHost(trial, node, (host) => (host.routes = [{ family: 4, table: 'main', type: 'unicast', dst: trial.ip(name), device, protocol: 'boot', onlink: false }, ...(host.routes ?? []).filter(({ dst }) => dst !== trial.ip(name))])); };
const felix = (device: string): string => `*filter\n-A cali-from-wl-dispatch -i ${device} -g cali-fw-${device}\n-A cali-to-wl-dispatch -o ${device} -g cali-tw-${device}\nCOMMIT\n`;

/** Causes that are of a tunnel. */
const OF_TUNNELS = ['V1', 'V2', 'V3', 'V4', 'V5', 'V6', 'V7', 'A7', 'H9', 'H10', 'L4'];

export const LIVE: readonly LiveIncident[] = [
  { what: "the tunnel's port is blocked on the way there", fault: 'V4', wire: { passes: (from, _to, protocol, port) => !(protocol === 'udp' && port === VXLAN && from === 'n1') }, tunnel: 'lost', not: ['V5', 'H9', 'L4', 'V6', 'A7', 'V7', 'V1', 'V2'] },
  { what: "the tunnel's port is blocked on the way back", fault: 'V4', wire: { passes: (from, _to, protocol, port) => !(protocol === 'udp' && port === VXLAN && from === 'n2') }, tunnel: 'lost', not: ['V5', 'H9', 'L4', 'V6', 'A7', 'V7'] },
  { what: "Calico's port is blocked in one direction", fault: 'V4', flavour: 'kubeadm-calico', wire: { passes: (from, _to, protocol, port) => !(protocol === 'udp' && port === 4789 && from === 'n1') }, tunnel: 'lost', not: ['V5', 'H10', 'L4', 'V2', 'V7'] },
  { what: 'no UDP passes, and TCP does', fault: 'V4', wire: { passes: (_from, _to, protocol) => protocol !== 'udp' }, tunnel: 'lost', not: ['V5', 'H9', 'V7'] },
  { what: 'a filter of the other node takes the port away', fault: 'V4', nodes: { n2: { filters: VXLAN } }, tunnel: 'dropped', not: ['V5', 'H9', 'V6', 'V7'] },
  { what: 'the other node uses another port', fault: 'V5', nodes: { n2: { port: 4789 } }, make: (trial) => onHost(trial, 'n2', (host) => { const vxlan = vxlanOf(host); if (vxlan !== undefined) vxlan.port = 4789; }), tunnel: 'no-port', not: ['V4', 'H9', 'V7'] },
  { what: 'the other node uses another network identifier', fault: 'V5', nodes: { n2: { vni: 2 } }, make: (trial) => onHost(trial, 'n2', (host) => { const vxlan = vxlanOf(host); if (vxlan !== undefined) vxlan.vni = 2; }), tunnel: 'not-taken', not: ['V4', 'H9', 'V7'] },
  { what: 'Flannel tells others an address that nobody has', fault: 'H9', nodes: { n1: { sendsTo: '10.0.2.15' } }, make: (trial) => { announced('10.0.2.15')(trial); onHost(trial, 'n1', (host) => (host.fdb = [])); onHost(trial, 'n2', (host) => (host.addresses = [...(host.addresses ?? []), { device: 'eth1', family: 'inet', address: '10.0.2.15', prefixLength: 24, scope: 'global' }])); onHost(trial, 'n1', (host) => delete host.neighbours); }, tunnel: 'unsent', not: ['V5', 'V4', 'V7'] },
  { what: 'datagrams come with wrong checksums', fault: 'V1', nodes: { n2: { spoilt: true } }, tunnel: 'bad-checksum', not: ['V4', 'V5', 'H9', 'V7'] },
  { what: 'nothing passes between the nodes', fault: 'V7', wire: { passes: APART }, tunnel: 'lost', not: ['V5', 'H9', 'L4'] },
  { what: 'the other node is down', fault: 'K5', wire: { passes: APART }, make: down },
  { what: 'a rule of the other node drops what it forwards to the port', fault: 'K11', wire: { drops: { node: 'n2', rule: '-A FORWARD -p tcp -m tcp --dport 5432 -j DROP', port: 5432 } }, tunnel: 'arrives', not: OF_TUNNELS },
  { what: 'Felix of the first node does not know the pod that asks', fault: 'A9', flavour: 'kubeadm-calico', make: devices, wire: { filter: { n1: felix('calidb'), n2: felix('calidb') }, answers: (from, to) => (from !== '' && to.endsWith(':5432') ? '124 ' : undefined) }, not: OF_TUNNELS },
  { what: 'Felix of the other node does not know the pod that is asked', fault: 'A9', flavour: 'kubeadm-calico', make: devices, wire: { filter: { n1: felix('caliweb'), n2: felix('caliother') }, answers: (_from, to, node) => (node === 'n1' && to.endsWith(':5432') ? '124 ' : undefined) } },
  // What follows is healthy between the nodes, or cannot be told.
  { what: 'the tunnel works, and the application does not answer', fault: undefined, wire: { answers: (_from, to) => (to.endsWith(':5432') ? '124 ' : undefined) }, not: OF_TUNNELS },
  { what: 'the tunnel works, and a policy that is not known drops connections and pings', fault: undefined, wire: { pings: false, answers: (from, to, node) => (to.endsWith(':5432') && node === 'n1' ? '124 ' : undefined) }, not: OF_TUNNELS, tunnel: 'arrives' },
  { what: 'nodes answer each other neither pings nor connections, on purpose, and the tunnel works', fault: undefined, wire: { pings: false, passes: (_from, _to, protocol) => protocol === 'udp', answers: (_from, to, node) => (to.endsWith(':5432') && node === 'n1' ? '124 ' : undefined) }, not: OF_TUNNELS, tunnel: 'arrives' },
  { what: 'others send so much that counters tell nothing', fault: undefined, nodes: { n1: { noise: 5000 }, n2: { noise: 5000 } }, wire: { passes: (from, _to, protocol, port) => !(protocol === 'udp' && port === VXLAN && from === 'n1') } },
];

/** The cluster of an incident, with entries of tunnels on the nodes as their agents write them, and the wire between. */
export function makeLive({ flavour = 'kubeadm-flannel', make, nodes = {}, wire = {} }: LiveIncident): { trial: Trial; options: WireOptions } {
  const trial = new Trial(new Random(1), [flavour]);
  const device = flavour.endsWith('flannel') ? 'flannel.1' : 'vxlan.calico';
  const macs = new Map<string, string>();
  for (const at of [1, 2, 3]) onHost(trial, `n${at}`, (host) => { host.links = structuredClone(host.links); for (const link of host.links ?? []) if (link.name === device) macs.set(`n${at}`, link.mac = `02:00:00:00:00:0${at}`); });
  for (const at of [1, 2, 3]) {
    onHost(trial, `n${at}`, (host) => {
      const others = [1, 2, 3].filter((other) => other !== at);
      host.neighbours = others.map((other) => ({ address: `${trial.base}.${other}.0`, device, mac: macs.get(`n${other}`) ?? '', permanent: true }));
      host.fdb = others.map((other) => ({ mac: macs.get(`n${other}`) ?? '', device, dst: `192.168.10.1${other}`, permanent: true }));
    });
  }
  make?.(trial);
  const port = device === 'flannel.1' ? VXLAN : 4789;
  const own = (at: number): WireNode => ({ address: `192.168.10.1${at}`, pods: ['web', 'db', 'prometheus', 'coredns'].map((name) => trial.ip(`${name}-${at}`)), port, ...nodes[`n${at}`] });
  return { trial, options: { device, nodes: { n1: own(1), n2: own(2) }, ...wire } };
}
