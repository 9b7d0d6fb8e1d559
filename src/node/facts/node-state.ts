/** The network state of a node in one JSON document: Fairlead's backup of it, and what a later look is compared with. */
import { readText, type NodeShell } from '../shell.ts';
import { readAddresses, type Address } from './addresses.ts';
import { listDirectory, readCniConfs, type CniConf } from './cni-dirs.ts';
import type { CniDirs } from './containerd-config.ts';
import { readIpsets, type Ipset } from './ipsets.ts';
import { readIptables, type IptablesDump } from './iptables.ts';
import { readLinks, type Link } from './links.ts';
import { readFdb, readNeighbours, type FdbEntry, type Neighbour } from './neighbours.ts';
import { findPrograms } from './programs.ts';
import { readRoutes, readRules, type Route, type Rule } from './routes.ts';
import { readSysctls } from './sysctls.ts';

export interface NodeState {
  version: 1;
  node: string;
  bootId: string;
  links: Link[];
  addresses: Address[];
  routes: Route[];
  rules: Rule[];
  neighbours: Neighbour[];
  fdb: FdbEntry[];
  iptables: IptablesDump[];
  /** nftables tables as `family name`; their rules are not read. */
  nftTables: string[];
  ipsets: Ipset[];
  sysctls: Record<string, string>;
  cni: { confDir: string; confs: CniConf[]; plugins: Record<string, string[]> };
  /** Host-local address leases: network name → addresses. */
  leases: Record<string, string[]>;
}

/** Where the host-local IPAM plugin keeps its leases by default. */
const leaseDir = '/var/lib/cni/networks';

/** Reads a node's network state. `cni` names the directories that its containerd reads. Changes nothing. Errors: EnvironmentError when the node cannot be reached or has no iproute2. */
export async function collectNodeState(shell: NodeShell, cni: CniDirs): Promise<NodeState> {
  const plugins: Record<string, string[]> = {};
  for (const dir of cni.binDirs) plugins[dir] = (await listDirectory(shell, dir)) ?? [];
  const leases: Record<string, string[]> = {};
  for (const network of (await listDirectory(shell, leaseDir)) ?? []) {
    leases[network] = ((await listDirectory(shell, `${leaseDir}/${network}`)) ?? []).filter((name) => /^[0-9a-f.:]+$/.test(name));
  }
  return {
    version: 1,
    node: shell.node,
    bootId: ((await readText(shell, '/proc/sys/kernel/random/boot_id')) ?? '').trim(),
    links: await readLinks(shell),
    addresses: await readAddresses(shell),
    routes: await readRoutes(shell),
    rules: await readRules(shell),
    neighbours: await readNeighbours(shell),
    fdb: await readFdb(shell),
    iptables: await readIptables(shell),
    nftTables: await readNftTables(shell),
    ipsets: await readIpsets(shell),
    sysctls: await readSysctls(shell),
    cni: { confDir: cni.confDir, confs: await readCniConfs(shell, cni.confDir), plugins },
    leases,
  };
}

/** Names of the nftables tables, as `family name`; none when the node has no nft. */
export async function readNftTables(shell: NodeShell): Promise<string[]> {
  const nft = (await findPrograms(shell, ['nft'])).get('nft');
  if (nft === undefined) return [];
  const result = await shell.run([nft, '-j', 'list', 'tables']);
  return result.code === 0 ? parseNftTables(result.stdout) : [];
}

/** Parses the output of `nft -j list tables`. */
export function parseNftTables(text: string): string[] {
  const { nftables = [] } = JSON.parse(text) as { nftables?: { table?: { family: string; name: string } }[] };
  return nftables.flatMap(({ table }) => (table === undefined ? [] : [`${table.family} ${table.name}`])).toSorted();
}
