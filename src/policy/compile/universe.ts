/** Everything that can be an end of a connection, in classes of what no policy can tell apart. */
import type { Prefix } from '../../net/prefix.ts';
import { contains, overlaps, parsePrefix } from '../../net/prefix.ts';
import { hostPrefix, parseAddress, type Block } from '../model/block.ts';
import type { EndpointKind, LabelsOf } from '../model/match.ts';
import type { Labels, Node, Pod, World } from '../world/world.ts';
import type { AddressSpace } from './address-space.ts';
import type { NamedPort } from './port-space.ts';

export interface EndpointClass {
  kind: EndpointKind;
  pods: Pod[];
  nodes: Node[];
  /** Number of the class in the address space, for addresses of nobody in the cluster. */
  address?: number;
  namespace?: string;
  account?: string;
  labels: Readonly<Record<LabelsOf, Labels>>;
  ports: readonly NamedPort[];
  /** Classes of its addresses. */
  addresses: readonly number[];
  /** It has an address, but the input does not say which. */
  unknownAddress: boolean;
  /** Its addresses themselves, where each of them counts. */
  own?: readonly string[];
}

/** The values of a label that some policy names; `all` where it looks into values, so that each counts. */
export type Values = ReadonlySet<string> | 'all';

/** The labels and names that some policy looks at; everything else about a pod is left out of its class. */
export interface Seen {
  keys: Readonly<Record<LabelsOf, ReadonlyMap<string, Values>>>;
  accounts: boolean;
  portNames: ReadonlySet<string>;
  /** Whether ports of pods in the network of their nodes may be meant by their names. */
  hostPorts: boolean;
  blocks: boolean;
  /** Whether each address counts: blocks that come later may tell any two apart. */
  addresses: boolean;
}

/** How many classes of addresses may come to a universe of which each address counts, before all is compiled anew. */
const SPARE = 128;

/** Where pods may lie whose address the input does not tell, by family: RFC 1918, RFC 6598, RFC 4193. */
export const PRIVATE: Readonly<Record<32 | 128, readonly string[]>> = {
  32: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'],
  128: ['fc00::/7'],
};

/** Stands for every value that no policy names; no label value has a slash. */
export const OTHER_VALUE = '/other';

function project(labels: Labels, keys: ReadonlyMap<string, Values>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [key, values] of keys) {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    if (value !== undefined) kept[key] = values === 'all' || values.has(value) ? value : OTHER_VALUE;
  }
  return kept;
}

function addressIds(space: AddressSpace, addresses: readonly string[]): number[] {
  return [...new Set(addresses.flatMap((text) => parseAddress(text) ?? []).map((address) => space.classOf(address)))].toSorted((a, b) => a - b);
}

/** Where an address that the input does not tell may lie: in the pods' prefixes of the nodes, else in any private one. */
function unknownRanges(prefixes: readonly string[], families: ReadonlySet<32 | 128>): Prefix[] {
  const known = prefixes.map(parsePrefix);
  return [...families].flatMap((width) => {
    const own = known.filter((one) => one.width === width);
    return own.length > 0 ? own : PRIVATE[width].map(parsePrefix);
  });
}

/** Where an address that the input does not tell may lie. */
export interface Whereabouts {
  ranges: readonly Prefix[];
  /** Families that it certainly has an address of; of others it may have none. */
  sure: ReadonlySet<32 | 128>;
}

/** Whether a block holds an address that lies somewhere there. */
export function holds(block: Block, { ranges, sure }: Whereabouts): 'yes' | 'no' | 'maybe' {
  const same = ranges.filter((range) => range.width === block.cidr.width);
  const free = (range: Prefix): boolean => !overlaps(block.cidr, range) || block.except.some((one) => contains(one, range));
  const full = (range: Prefix): boolean => contains(block.cidr, range) && !block.except.some((one) => overlaps(one, range));
  if (same.every(free)) return 'no';
  return same.every(full) && sure.has(block.cidr.width) ? 'yes' : 'maybe';
}

/** The families that each of these has, among those that any has; of one family alone everything has it. */
function sureFamilies(all: readonly (readonly string[])[], families: ReadonlySet<32 | 128>): Set<32 | 128> {
  const width = (text: string): 32 | 128 => (text.includes(':') ? 128 : 32);
  return new Set([...families].filter((family) => families.size === 1 || all.filter((one) => one.length > 0).every((one) => one.some((text) => width(text) === family))));
}

export class Universe {
  /** Pods and nodes first, then the addresses of the space, in its order. */
  readonly classes: EndpointClass[] = [];
  /** How many of them are pods and nodes. */
  readonly inside: number;
  /** For how many classes sets have room. */
  readonly room: number;
  readonly #byPod = new Map<Pod, number>();
  readonly #byNode = new Map<Node, number>();
  readonly unknownPods: Whereabouts;
  readonly unknownHosts: Whereabouts;

  constructor(world: World, seen: Seen, space: AddressSpace) {
    const texts = [...world.pods.flatMap((pod) => pod.addresses), ...world.nodes.flatMap((node) => node.addresses)];
    const families = new Set<32 | 128>(texts.flatMap((text) => parseAddress(text)?.width ?? []));
    for (const node of world.nodes) for (const cidr of node.podCidrs) families.add(cidr.includes(':') ? 128 : 32);
    if (families.size === 0) families.add(32);
    const podFamilies = sureFamilies([...world.pods.filter((pod) => !pod.hostNetwork).map((pod) => pod.addresses), ...world.nodes.map((node) => node.podCidrs)], families);
    this.unknownPods = { ranges: unknownRanges(world.nodes.flatMap((node) => node.podCidrs), families), sure: podFamilies };
    const nodeAddresses = world.nodes.flatMap((node) => node.addresses.flatMap((text) => parseAddress(text) ?? [])).map(hostPrefix);
    this.unknownHosts = { ranges: nodeAddresses.length > 0 ? nodeAddresses : unknownRanges([], families), sure: sureFamilies(world.nodes.map((node) => node.addresses), families) };
    const ids = new Map<string, number>();
    const nodes = new Map(world.nodes.map((node) => [node.name, node]));
    for (const pod of world.pods) this.#byPod.set(pod, this.#join(ids, this.#podClass(pod, world, seen, space, nodes), (one) => one.pods.push(pod)));
    for (const node of world.nodes) this.#byNode.set(node, this.#join(ids, this.#nodeClass(node, seen, space), (one) => one.nodes.push(node)));
    this.inside = this.classes.length;
    space.classes.forEach((_, address) => this.#addAddress(address));
    this.room = seen.addresses ? this.size + SPARE : this.size;
  }

  #addAddress(address: number): void {
    this.classes.push({ kind: 'address', pods: [], nodes: [], address, labels: { pod: {}, namespace: {}, account: {}, node: {} }, ports: [], addresses: [address], unknownAddress: false });
  }

  /** Takes in classes of addresses that the space was refined by. Only for a universe of which each address counts, within its room. */
  grow(space: AddressSpace): void {
    for (let address = this.size - this.inside; address < space.classes.length; address += 1) this.#addAddress(address);
    for (const one of this.classes) if (one.own !== undefined) one.addresses = addressIds(space, one.own);
  }

  #join(ids: Map<string, number>, made: EndpointClass, add: (one: EndpointClass) => void): number {
    const key = JSON.stringify([made.kind, made.namespace, made.account, made.labels, made.ports, made.addresses, made.unknownAddress, made.own]);
    const id = ids.get(key) ?? this.classes.length;
    if (id === this.classes.length) {
      ids.set(key, id);
      this.classes.push(made);
    }
    add(this.classes[id]!);
    return id;
  }

  #podClass(pod: Pod, world: World, seen: Seen, space: AddressSpace, nodes: ReadonlyMap<string, Node>): EndpointClass {
    const node = pod.hostNetwork && pod.node !== undefined ? nodes.get(pod.node) : undefined;
    const addresses = pod.addresses.length === 0 && node !== undefined ? node.addresses : pod.addresses;
    const account = `${pod.namespace}/${pod.serviceAccount}`;
    return {
      kind: pod.hostNetwork ? 'host' : 'pod', pods: [], nodes: [], namespace: pod.namespace,
      ...(seen.accounts ? { account: pod.serviceAccount } : {}),
      labels: {
        pod: project(pod.labels, seen.keys.pod),
        namespace: project(world.namespaces.get(pod.namespace)?.labels ?? {}, seen.keys.namespace),
        account: seen.keys.account.size > 0 ? project(world.accounts.get(account) ?? {}, seen.keys.account) : {},
        node: node === undefined ? {} : project(node.labels, seen.keys.node),
      },
      ports: seen.portNames.size > 0 && (!pod.hostNetwork || seen.hostPorts) ? pod.ports.filter((port) => seen.portNames.has(port.name)) : [],
      addresses: seen.blocks ? addressIds(space, addresses) : [],
      unknownAddress: seen.blocks && addresses.length === 0,
      ...(seen.addresses ? { own: addresses } : {}),
    };
  }

  #nodeClass(node: Node, seen: Seen, space: AddressSpace): EndpointClass {
    return {
      kind: 'host', pods: [], nodes: [],
      labels: { pod: {}, namespace: {}, account: {}, node: project(node.labels, seen.keys.node) },
      ports: [], addresses: seen.blocks ? addressIds(space, node.addresses) : [], unknownAddress: seen.blocks && node.addresses.length === 0,
      ...(seen.addresses ? { own: node.addresses } : {}),
    };
  }

  get size(): number {
    return this.classes.length;
  }

  ofPod(pod: Pod): number {
    return this.#byPod.get(pod)!;
  }

  ofNode(node: Node): number {
    return this.#byNode.get(node)!;
  }

  /** The class of the n-th class of addresses. */
  ofAddress(address: number): number {
    return this.inside + address;
  }
}
