/** The tunnel between the nodes of both ends, as it was read on them: its device, its port, and which addresses lead through it. Pure. */
import type { HostFacts } from '../../cluster/snapshot/host-facts.ts';
import type { Fact } from '../fact.ts';
import { routeTo } from './hosts.ts';
import { clientNode, clientPod, fact, unseen, type Scene } from './scene.ts';
import type { Direction, Passage } from './tunnel-counts.ts';

/** One direction: what node `from` puts into `device` for the pod address `pod` is to come out on node `to`, whose own address is `address`. */
export interface Way { from: string; to: string; pod: string; address: string; device: string; /** UDP port of VXLAN; undefined for tunnels of another kind. */ port?: number; /** The cards below, on both nodes, where they are known. */ card?: string; cardThere?: string }

/** Kinds of devices that put packets into others (ip-link(8)). */
const TUNNELS = new Set(['vxlan', 'ipip', 'wireguard', 'geneve']);

/** The device of a host that packets for an address go into, where it is a tunnel. Cilium has one for all addresses. */
function tunnelOf({ routes = [], links = [] }: HostFacts, ip: string): NonNullable<HostFacts['links']>[number] | undefined {
  const route = routeTo(routes, ip);
  const device = links.find(({ name }) => name === route?.device);
  if (device !== undefined && TUNNELS.has(device.kind)) return device;
  return device?.name.startsWith('cilium_') === true ? links.find(({ vxlan }) => vxlan?.external === true) : undefined;
}

const hasCalicoPrograms = ({ bpf, traffic }: HostFacts): boolean => [...(bpf?.attached ?? []), ...(traffic?.filters ?? [])].some(({ name }) => name?.startsWith('cali') === true);

function wayOf({ view }: Scene, from: string, to: string, pod: string | undefined): Way | undefined {
  const [host, there] = [view.index.host(from), view.nodes.find(({ metadata }) => metadata.name === to)];
  const address = there === undefined ? undefined : view.addressOf(there);
  // Counters of IPv6 stand elsewhere, and are not read.
  // Calico's programs take tunnel packets from the card before anything counts them.
  if (host === undefined || address === undefined || pod === undefined || pod.includes(':') || address.includes(':') || hasCalicoPrograms(host)) return undefined;
  const device = tunnelOf(host, pod);
  if (device === undefined) return undefined;
  const other = view.index.host(to);
  const source = view.nodes.find(({ metadata }) => metadata.name === from);
  const own = source === undefined ? undefined : view.addressOf(source);
  const card = device.vxlan?.device ?? routeTo(host.routes ?? [], address)?.device;
  const cardThere = other?.links?.find(({ name }) => name === device.name)?.vxlan?.device ?? (own === undefined ? undefined : routeTo(other?.routes ?? [], own)?.device);
  return { from, to, pod, address, device: device.name, ...(device.vxlan === undefined || device.vxlan.port === 0 ? {} : { port: device.vxlan.port }), ...(card === undefined ? {} : { card }), ...(cardThere === undefined ? {} : { cardThere }) };
}

/** The ways there and back; none where both ends are on one node, or a tunnel was not seen on the client's node. */
export function waysOf(scene: Scene): Way[] {
  const { view, ends: { target, pods: [pod] } } = scene;
  const [node, there] = [clientNode(scene), pod?.spec?.nodeName];
  if (target === undefined || target === 'loopback' || target === 'own-pod' || pod?.spec?.hostNetwork === true || node === undefined || there === undefined || node === there) return [];
  const client = clientPod(scene);
  const back = client === undefined || client.spec?.hostNetwork === true ? view.netPods.find(({ spec, status }) => spec?.nodeName === node && status?.podIP !== undefined) : client;
  const first = wayOf(scene, node, there, pod?.status?.podIP);
  const second = wayOf(scene, there, node, back?.status?.podIP);
  return first === undefined ? [] : [first, ...(second === undefined ? [] : [second])];
}

/** How a person would look. */
export function tunnelCommands(ways: readonly Way[]): { tunnel?: string; port?: string } {
  const [way] = ways;
  if (way === undefined) return {};
  const { from, to, pod, address, device, port } = way;
  return {
    tunnel: `ip -s link show dev ${device}; nstat -az UdpInDatagrams UdpNoPorts UdpInCsumErrors   # on nodes ${from} and ${to}, before and after \`ping -c 20 ${pod}\` on node ${from}`,
    ...(port === undefined ? {} : { port: `nstat -az UdpInDatagrams   # on node ${to}, before and after on node ${from}: bash -c 'for i in {1..300}; do printf x > /dev/udp/${address}/${port}; done'` }),
  };
}

/** Tunnels that were not tried, with the command that does. */
export function untriedTunnel(scene: Scene): [('tunnel' | 'tunnel-port'), Fact][] {
  const { tunnel, port } = tunnelCommands(waysOf(scene));
  return [...(tunnel === undefined ? [] : [['tunnel', unseen('nothing was sent through the tunnel', tunnel)] as ['tunnel', Fact]]), ...(port === undefined ? [] : [['tunnel-port', unseen("nothing was sent to the tunnel's port", port)] as ['tunnel-port', Fact]])];
}

const PASSAGE: Readonly<Record<Passage, string>> = {
  'arrives': 'it comes out on the other node', 'lost': 'it does not arrive on the other node', 'dropped': "it reaches the other node's card, and a filter of that node takes it away", 'no-port': 'it arrives at a port of the other node where nobody listens',
  'not-taken': 'it arrives on the other node, and no tunnel device there takes it: the network identifier differs', 'bad-checksum': 'it arrives with wrong checksums, and is thrown away', 'unsent': 'it does not leave the node',
};
const DOOR: Readonly<Record<'open' | 'blocked' | 'lost', string>> = { open: 'arrive', blocked: 'are lost, and those to another port arrive', lost: 'are lost, as those to another port are' };

/** From how it went in each direction: what went worst, with both in words; not known where neither failed and one could not be told. */
export function joined(at: 'tunnel' | 'tunnel-port', ways: readonly Way[], seen: readonly Direction[], when: Date): Fact {
  const good = at === 'tunnel' ? 'arrives' : 'open';
  const told = seen.map(({ value, why }, index) => { const way = ways[index]; return { value, why, way: `from node ${way?.from ?? '?'} to node ${way?.to ?? '?'}` }; });
  const words = told.map(({ value, why, way }) => `${way}: ${value === undefined ? `not told (${why})` : at === 'tunnel' ? PASSAGE[value as Passage] : `datagrams to UDP port ${ways[0]?.port ?? '?'} ${DOOR[value as keyof typeof DOOR]}`}`).join('; ');
  // What is lost on its way leaves open what becomes of what arrives.
  const bads = told.filter(({ value }) => value !== undefined && value !== good);
  const bad = bads.find(({ value }) => value === 'lost' || value === 'dropped') ?? bads[0];
  const open = told.find(({ value }) => value === undefined);
  if (bad?.value === undefined && (open !== undefined || told.length < 2)) return unseen(told.length < 2 ? 'one direction alone could be tried' : words);
  const [way] = ways;
  const says = at === 'tunnel' ? `what goes into ${way?.device ?? 'the tunnel'} ${words}` : words;
  return fact(bad?.value ?? good, says, ...told.map(({ why, way: where }) => ({ source: `counters of both nodes, ${where}`, observedAt: when.toISOString(), excerpt: why, level: 'observed' as const })));
}
