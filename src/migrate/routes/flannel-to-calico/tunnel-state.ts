/** A tunnel as its owner left it: what must be put back when the device changes hands again. */
import { EnvironmentError } from '../../../core/errors.ts';
import { removeFromIptables, type IptablesSelection } from '../../../node/facts/iptables.ts';
import { readLinks, type Vxlan } from '../../../node/facts/links.ts';
import { runOrThrow, type NodeShell } from '../../../node/shell.ts';
import { hasLink } from '../../steps/rename-link.ts';

interface IpRoute {
  dst: string;
  gateway?: string;
  flags?: string[];
}

interface IpNeighbour {
  dst: string;
  lladdr?: string;
  state?: string[];
}

interface FdbRow {
  mac: string;
  dst?: string;
  flags?: string[];
}

/** The tunnel device itself, its routes, neighbours and forwarding entries, and the packet filter rules of Flannel on one node. */
export interface TunnelState {
  device: string;
  /** What the device is made with, should a reboot take it. */
  link: { mac: string; mtu: number; vxlan: Vxlan };
  addresses: string[];
  routes: { dst: string; gateway?: string; onlink: boolean }[];
  neighbours: { address: string; mac: string }[];
  fdb: { mac: string; destination: string }[];
  /** iptables-save lines by table that belong to Flannel. */
  rules: { table: string; chains: string[]; lines: string[] }[];
}

const FLANNEL = /FLANNEL-|flanneld /;
const flannelSelection: IptablesSelection = { chain: (name) => name.startsWith('FLANNEL-'), rule: (rule) => FLANNEL.test(rule) };

/** Flannel's own chains and rules among the lines of iptables-save, by table. */
export function flannelRules(save: string): TunnelState['rules'] {
  const tables: TunnelState['rules'] = [];
  let current: TunnelState['rules'][number] | undefined;
  for (const line of save.split('\n')) {
    if (line.startsWith('*')) tables.push((current = { table: line.slice(1), chains: [], lines: [] }));
    else if (line.startsWith(':FLANNEL-')) current?.chains.push(line.slice(1).split(' ')[0] ?? '');
    else if (line.startsWith('-A ') && FLANNEL.test(line)) current?.lines.push(line);
  }
  return tables.filter((table) => table.chains.length > 0 || table.lines.length > 0);
}

async function json<T>(shell: NodeShell, argv: string[]): Promise<T[]> {
  const text = await runOrThrow(shell, argv);
  return text.trim() === '' ? [] : (JSON.parse(text) as T[]);
}

/** Reads the state of the tunnel `device`. Errors: EnvironmentError when the device is not there, or is no VXLAN device. */
export async function readTunnel(shell: NodeShell, device: string): Promise<TunnelState> {
  const tunnel = (await readLinks(shell)).find((one) => one.name === device);
  if (tunnel?.vxlan === undefined) throw new EnvironmentError(`node ${shell.node} has no VXLAN device ${device}`, { hint: 'if the node was rebooted, `fairlead migrate resume` puts its tunnel back' });
  const links = await json<{ addr_info?: { local: string; prefixlen: number; family: string }[] }>(shell, ['ip', '-j', '-4', 'addr', 'show', 'dev', device]);
  const routes = await json<IpRoute>(shell, ['ip', '-j', '-4', 'route', 'show', 'dev', device]);
  const neighbours = await json<IpNeighbour>(shell, ['ip', '-j', '-4', 'neigh', 'show', 'dev', device]);
  const fdb = await json<FdbRow>(shell, ['bridge', '-j', 'fdb', 'show', 'dev', device]);
  const save = await runOrThrow(shell, ['iptables-save']);
  return {
    device,
    link: { mac: tunnel.mac, mtu: tunnel.mtu, vxlan: tunnel.vxlan },
    addresses: links.flatMap((link) => (link.addr_info ?? []).map((address) => `${address.local}/${address.prefixlen}`)),
    routes: routes.map((route) => ({ dst: route.dst, ...(route.gateway === undefined ? {} : { gateway: route.gateway }), onlink: route.flags?.includes('onlink') === true })),
    neighbours: neighbours.flatMap((entry) => (entry.lladdr !== undefined && entry.state?.includes('PERMANENT') ? [{ address: entry.dst, mac: entry.lladdr }] : [])),
    fdb: fdb.flatMap((entry) => (entry.dst === undefined ? [] : [{ mac: entry.mac, destination: entry.dst }])),
    rules: flannelRules(save),
  };
}

/** What of a tunnel's forwarding is not there any more, whatever the device is called now; in words. */
export function lostForwarding(before: TunnelState, now: TunnelState): string[] {
  const words = (state: TunnelState): string[] => [
    ...state.addresses.map((address) => `address ${address}`),
    ...state.routes.map(({ dst, gateway, onlink }) => `route ${dst} via ${gateway ?? 'nobody'}${onlink ? ' onlink' : ''}`),
    ...state.neighbours.map(({ address, mac }) => `neighbour ${address} ${mac}`),
    ...state.fdb.map(({ mac, destination }) => `forwarding entry ${mac} ${destination}`),
  ];
  const there = new Set(words(now));
  return words(before).filter((word) => !there.has(word));
}

/** Puts addresses, routes, neighbours and forwarding entries back on the device that now bears `name`. `replace` throughout: traffic may already have made entries of its own. */
export async function restoreForwarding(shell: NodeShell, state: TunnelState, name = state.device): Promise<void> {
  for (const address of state.addresses) await runOrThrow(shell, ['ip', 'addr', 'replace', address, 'dev', name]);
  for (const { address, mac } of state.neighbours) await runOrThrow(shell, ['ip', 'neigh', 'replace', address, 'lladdr', mac, 'dev', name, 'nud', 'permanent']);
  for (const { mac, destination } of state.fdb) await runOrThrow(shell, ['bridge', 'fdb', 'replace', mac, 'dev', name, 'dst', destination, 'self', 'permanent']);
  for (const route of state.routes) await runOrThrow(shell, ['ip', 'route', 'replace', route.dst, ...(route.gateway === undefined ? [] : ['via', route.gateway]), 'dev', name, ...(route.onlink ? ['onlink'] : [])]);
}

/** Makes the device under `name` as its owner had made it (flannel: pkg/backend/vxlan/device.go), and up. */
async function makeDevice(shell: NodeShell, { link: { mac, mtu, vxlan } }: TunnelState, name: string): Promise<void> {
  const over = [...(vxlan.local === undefined ? [] : ['local', vxlan.local]), ...(vxlan.device === undefined ? [] : ['dev', vxlan.device])];
  await runOrThrow(shell, ['ip', 'link', 'add', name, 'address', mac, 'mtu', String(mtu), 'type', 'vxlan', 'id', String(vxlan.vni), ...over, 'dstport', String(vxlan.port), vxlan.learning ? 'learning' : 'nolearning']);
  await runOrThrow(shell, ['ip', 'link', 'set', 'dev', name, 'up']);
}

/** Lets the tunnel stand as it was under `name`: makes the device when a reboot has taken it, and puts its addresses and entries back. Resolves whether it had to be made. */
export async function restoreTunnel(shell: NodeShell, state: TunnelState, name = state.device): Promise<boolean> {
  const gone = !(await hasLink(shell, name));
  if (gone) await makeDevice(shell, state, name);
  await restoreForwarding(shell, state, name);
  return gone;
}

/** Puts Flannel's packet filter rules back, once each. */
export async function restoreRules(shell: NodeShell, state: TunnelState): Promise<void> {
  await removeFromIptables(shell, flannelSelection);
  for (const { table, chains, lines } of state.rules) {
    const script = [`*${table}`, ...chains.map((chain) => `:${chain} - [0:0]`), ...lines, 'COMMIT', ''].join('\n');
    await runOrThrow(shell, ['iptables-restore', '--noflush', '--wait', '5'], { stdin: script });
  }
}
