/** Where the nodes of both ends send what they put into a tunnel: their neighbour and forwarding entries for each other. */
import type { Evidence } from '../../core/evidence.ts';
import type { Fact } from '../fact.ts';
import { routeTo } from './hosts.ts';
import { clientNode, clientPod, fact, unseen, type Observers, type Scene } from './scene.ts';

/** Compares the entries of `node` for the pod address `ip` with the addresses of nodes, and with the tunnel device of node `there` where that was read. Undefined where no such entries lead there. */
function entriesOf({ view }: Scene, node: string, there: string, ip: string): Fact | undefined {
  const [host, other] = [view.index.host(node), view.index.host(there)];
  const command = `ip neigh show dev DEVICE; bridge fdb show dev DEVICE   # on node ${node}`;
  if (host?.routes === undefined || host.links === undefined || host.neighbours === undefined || host.fdb === undefined) return unseen(`the neighbours and the forwarding database of node ${node} were not read`, command);
  const route = routeTo(host.routes, ip);
  const device = host.links.find(({ name }) => name === route?.device);
  // A device for all VNIs is steered by programs, and one that learns by what it hears.
  if (route?.gateway === undefined || device?.vxlan === undefined || device.vxlan.external || device.vxlan.learning) return undefined;
  const { gateway } = route;
  const mac = host.neighbours.find((one) => one.device === device.name && one.address === gateway)?.mac;
  const entry = host.fdb.find((one) => one.device === device.name && one.mac === mac && one.dst !== undefined);
  const seen = view.onHost(host, `ip neigh, bridge fdb of ${device.name}`, `${gateway} lladdr ${mac ?? 'none'}; ${mac ?? '?'} dst ${entry?.dst ?? 'none'}`);
  if (mac === undefined || entry === undefined) return fact('missing', `node ${node} has no ${mac === undefined ? 'neighbour' : 'forwarding'} entry on ${device.name} for node ${there}`, seen);
  const owner = view.nodes.find((one) => view.addressOf(one) === entry.dst)?.metadata.name;
  if (owner !== undefined && owner !== there) return fact('wrong-node', `node ${node} sends what is for node ${there} to node ${owner} (${entry.dst ?? ''})`, seen);
  const own = other?.links?.filter(({ vxlan }) => vxlan?.vni === device.vxlan?.vni).map((link) => link.mac) ?? [];
  if (own.length > 0 && !own.includes(mac)) return fact('wrong-mac', `node ${node} sends to the MAC address ${mac}, and the tunnel device of node ${there} has ${own.join(', ')}`, seen);
  const addresses = other?.addresses?.map(({ address }) => address);
  if (owner === undefined && addresses !== undefined && !addresses.includes(entry.dst ?? '')) return fact('wrong-node', `node ${node} sends what is for node ${there} to ${entry.dst ?? '?'}, which is no address of that node`, seen);
  return own.length > 0 && (owner === there || addresses !== undefined) ? fact('right', `the entries of node ${node} on ${device.name} lead to node ${there}`, seen) : unseen(`the tunnel device of node ${there} was not read`, command);
}

/** Worst first. */
const ORDER = ['missing', 'wrong-node', 'wrong-mac'];

/** Both directions: answers come by the entries of the target's node. */
function tunnelEntry(scene: Scene): Fact | undefined {
  const { view, ends: { pods: [pod], target } } = scene;
  const [node, ip, there] = [clientNode(scene), pod?.status?.podIP, pod?.spec?.nodeName];
  if (target === undefined || target === 'loopback' || ip === undefined || node === undefined || there === undefined || node === there || pod?.spec?.hostNetwork === true) return undefined;
  const client = clientPod(scene);
  // Answers to a node itself go to its tunnel's own address, by the entries that its pods have.
  const source = (client === undefined || client.spec?.hostNetwork === true ? view.netPods.find(({ spec, status }) => spec?.nodeName === node && status?.podIP !== undefined) : client)?.status?.podIP;
  const [forth, back] = [entriesOf(scene, node, there, ip), source === undefined || view.index.host(there) === undefined ? undefined : entriesOf(scene, there, node, source)];
  const wrong = [forth, back].filter((one) => one?.value !== undefined && one.value !== 'right').toSorted((a, b) => ORDER.indexOf(a?.value ?? '') - ORDER.indexOf(b?.value ?? ''))[0];
  if (wrong !== undefined || forth?.value !== 'right') return wrong ?? forth;
  // Of one direction alone nothing follows for the connection.
  if (back?.value !== 'right') return back ?? (source === undefined ? forth : unseen(`the entries of node ${there} for node ${node} were not read`, `ip neigh show dev DEVICE; bridge fdb show dev DEVICE   # on node ${there}`));
  return { ...forth, says: `${forth.says}, and those of node ${there} back`, evidence: [...forth.evidence, ...back.evidence] };
}

type Card = { address: string; device: string; mac: string; own: boolean };

/** The card that node `from` has under the address of node `to`, and whether it is one of that node's; undefined where either was not read. */
function cardOf({ view }: Scene, from: string, to: string): Card | undefined {
  const [other, links] = [view.nodes.find(({ metadata }) => metadata.name === to), view.index.host(to)?.links];
  const address = other === undefined ? undefined : view.addressOf(other);
  const entry = view.index.host(from)?.neighbours?.find((one) => one.address === address && one.mac !== '');
  return entry?.mac === undefined || links === undefined ? undefined : { address: entry.address, device: entry.device, mac: entry.mac, own: links.some(({ mac }) => mac === entry.mac) };
}

/** Whether the nodes of both ends have each other's cards under their addresses. Where neither has, routers or clouds answer for all: that says nothing. */
function nodeNeighbour(scene: Scene): Fact | undefined {
  const { view, ends: { pods: [pod], target } } = scene;
  const [node, there] = [clientNode(scene), pod?.spec?.nodeName];
  if (target === undefined || target === 'loopback' || node === undefined || there === undefined || node === there) return undefined;
  const [forth, back] = [cardOf(scene, node, there), cardOf(scene, there, node)];
  if (forth === undefined || back === undefined) return undefined;
  const seen = (from: string, { address, mac, device }: Card): Evidence[] => { const host = view.index.host(from); return host === undefined ? [] : [view.onHost(host, 'ip neigh', `${address} lladdr ${mac} dev ${device}`)]; };
  if (forth.own && back.own) return fact('own', 'the nodes of both ends have each other\'s cards under their addresses', ...seen(node, forth), ...seen(there, back));
  if (!forth.own && !back.own) return undefined;
  const [from, to, card] = forth.own ? [there, node, back] : [node, there, forth];
  return fact('other-card', `node ${from} sends what is for node ${to} (${card.address}) to ${card.mac}, which is no card of that node: two have that address, or somebody answers for it`, ...seen(from, card));
}

/** Observations by id. */
export const TUNNEL: Observers = { 'tunnel-entry': tunnelEntry, 'node-neighbour': nodeNeighbour };
