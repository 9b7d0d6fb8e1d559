/** What Felix has programmed on one node, read from the kernel, and what of it is missing. */
import { readIptables } from '../../node/facts/iptables.ts';
import { readLinks, type Link } from '../../node/facts/links.ts';
import { readFdb, readNeighbours, type FdbEntry, type Neighbour } from '../../node/facts/neighbours.ts';
import { readRoutes, type Route } from '../../node/facts/routes.ts';
import { readNftTables } from '../../node/facts/node-state.ts';
import type { NodeShell } from '../../node/shell.ts';
import type { NodeSeed } from './seed.ts';
import { chainPrefix, nftTables, routeProtocol, vxlanDevice, workloadPrefix } from './version.ts';

export interface CalicoNode {
  node: string;
  tunnel?: Link;
  /** Host ends of pods' links. */
  workloads: string[];
  /** Felix' routes. */
  routes: Route[];
  /** Neighbours and forwarding entries of the tunnel device. */
  neighbours: Neighbour[];
  fdb: FdbEntry[];
  /** Number of Felix' chains in iptables, all tables and backends; its nftables tables count one each. */
  chains: number;
}

/** What a node must have once Felix took over. */
export interface ExpectedNode {
  podCidr: string;
  vni: number;
  port: number;
  mtu: number;
  tunnelMac: string;
  /** All other nodes, whatever CNI they are on. */
  peers: (NodeSeed & { podCidr: string })[];
}

/** Reads a node. Changes nothing. */
export async function inspectCalico(shell: NodeShell): Promise<CalicoNode> {
  const links = await readLinks(shell);
  const tunnel = links.find((link) => link.name === vxlanDevice);
  const chains = (await readIptables(shell)).flatMap((dump) => dump.tables.flatMap((table) => Object.keys(table.chains).filter((name) => name.startsWith(chainPrefix))));
  const tables = (await readNftTables(shell)).filter((table) => nftTables.includes(table));
  return {
    node: shell.node,
    ...(tunnel === undefined ? {} : { tunnel }),
    workloads: links.filter((link) => link.kind === 'veth' && link.name.startsWith(workloadPrefix)).map((link) => link.name),
    routes: (await readRoutes(shell)).filter((route) => route.protocol === String(routeProtocol)),
    neighbours: (await readNeighbours(shell)).filter((entry) => entry.device === vxlanDevice),
    fdb: (await readFdb(shell)).filter((entry) => entry.device === vxlanDevice && entry.dst !== undefined),
    chains: chains.length + tables.length,
  };
}

/** What a node still lacks, one sentence each; empty when Felix has programmed everything that a takeover needs. */
export function missingOnNode(facts: CalicoNode, expected: ExpectedNode): string[] {
  const missing = [...tunnelProblems(facts, expected)];
  const has = (text: string, there: boolean) => {
    if (!there) missing.push(`node ${facts.node}: ${text}`);
  };
  has(`no blackhole route for its own pod range ${expected.podCidr}`, facts.routes.some((route) => route.type === 'blackhole' && route.dst === expected.podCidr));
  has('no chains of Felix in the packet filter', facts.chains > 0);
  for (const peer of expected.peers) {
    has(`no route of Felix to ${peer.podCidr} (${peer.node}) through ${vxlanDevice}`, facts.routes.some((route) => route.dst === peer.podCidr && route.device === vxlanDevice));
    has(
      `no neighbour entry ${peer.tunnelAddress} → ${peer.tunnelMac} (${peer.node})`,
      facts.neighbours.some((entry) => entry.address === peer.tunnelAddress && sameMac(entry.mac, peer.tunnelMac)),
    );
    has(`no forwarding entry ${peer.tunnelMac} → ${peer.address} (${peer.node})`, facts.fdb.some((entry) => sameMac(entry.mac, peer.tunnelMac) && entry.dst === peer.address));
  }
  return missing;
}

function tunnelProblems(facts: CalicoNode, expected: ExpectedNode): string[] {
  const { tunnel } = facts;
  if (tunnel === undefined) return [`node ${facts.node}: no device ${vxlanDevice}`];
  const compare = (what: string, is: unknown, should: unknown) => (is === should ? [] : [`node ${facts.node}: ${vxlanDevice} has ${what} ${String(is)}, expected ${String(should)}`]);
  return [
    ...(tunnel.up ? [] : [`node ${facts.node}: ${vxlanDevice} is down`]),
    ...compare('VNI', tunnel.vxlan?.vni, expected.vni),
    ...compare('port', tunnel.vxlan?.port, expected.port),
    ...compare('MTU', tunnel.mtu, expected.mtu),
    ...(sameMac(tunnel.mac, expected.tunnelMac) ? [] : compare('MAC address', tunnel.mac, expected.tunnelMac)),
  ];
}

function sameMac(a: string | undefined, b: string): boolean {
  return a?.toLowerCase() === b.toLowerCase();
}
