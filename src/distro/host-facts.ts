/** Reads the facts of one host for a snapshot. Nothing is changed; what cannot be read is told, and the rest is read. */
import type { HostFacts } from '../cluster/snapshot/host-facts.ts';
import { EnvironmentError } from '../core/errors.ts';
import type { Unknown } from '../core/finding.ts';
import { readAddresses } from '../node/facts/addresses.ts';
import { readBpf } from '../node/facts/bpf.ts';
import { readHairpin } from '../node/facts/bridge-ports.ts';
import { listDirectory } from '../node/facts/cni-dirs.ts';
import { readConntrack } from '../node/facts/conntrack.ts';
import { summarizeTable } from '../node/facts/filter-summary.ts';
import { readIpsets } from '../node/facts/ipsets.ts';
import { readFilters } from '../node/facts/iptables-facts.ts';
import { readModules, readMounts, readRelease, readUdpChecksumErrors } from '../node/facts/kernel.ts';
import { readLinks } from '../node/facts/links.ts';
import { readFdb, readNeighbours } from '../node/facts/neighbours.ts';
import { readNftTables } from '../node/facts/node-state.ts';
import { readNftChains } from '../node/facts/nft-chains.ts';
import { readOffloads } from '../node/facts/offloads.ts';
import { readPodNamespaces } from '../node/facts/pod-namespaces.ts';
import { readNeighbourTable } from '../node/facts/proc-stat.ts';
import { findPrograms } from '../node/facts/programs.ts';
import { readRoutes, readRules } from '../node/facts/routes.ts';
import { readSockets } from '../node/facts/sockets.ts';
import { readSysctls } from '../node/facts/sysctls.ts';
import { readTrafficControl } from '../node/facts/traffic-control.ts';
import { readText, type NodeShell } from '../node/shell.ts';
import { detectHost } from './detect.ts';
import { readCniFacts } from './cni-facts.ts';
import { fitFacts } from './fit-facts.ts';

/** Forwarding, filtering and proxy ARP of every device, limits of the neighbour table, bridges. */
const SYSCTLS = String.raw`^net\.(ipv4\.(ip_forward|ip_local_port_range|conf\..*\.(rp_filter|forwarding|proxy_arp|route_localnet|arp_ignore|arp_announce)|neigh\..*\.(proxy_delay|proxy_qlen|gc_thresh[123]))|ipv6\.conf\.(all|default)\.(forwarding|disable_ipv6)|bridge\.bridge-nf-call-ip6?tables|netfilter\.nf_conntrack_(max|tcp_timeout_close_wait|udp_timeout_stream))$`;
/** Neighbour and forwarding entries that are copied; more are counted. */
const MAX_ENTRIES = 4_000;
/** Firewalls and managers that interfere with CNIs. */
const SERVICES = ['firewalld', 'ufw', 'NetworkManager', 'docker', 'nftables'] as const;
const LEASES = '/var/lib/cni/networks';
const SUBNET_ENV = '/run/flannel/subnet.env';
/** Settings that may hold credentials of a datastore. */
const PRIVATE_SETTINGS = new Set(['datastore-endpoint', 'data-dir']);

/** Reads everything. Never rejects for what cannot be read: an unreachable host has nothing but `unknown`. */
export async function readHostFacts(shell: NodeShell, now: () => Date = () => new Date()): Promise<HostFacts> {
  const unknown: Unknown[] = [];
  const attempt = async <T>(what: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      unknown.push({ what: `${what} of node ${shell.node}`, why: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  };
  const kernel = await attempt('kernel', () => readRelease(shell));
  // A host that answers nothing is told once, not twenty times.
  if (kernel === undefined) return { node: shell.node, observedAt: now().toISOString(), unknown };
  const neighbours = await attempt('neighbours', () => readNeighbours(shell));
  const links = await attempt('links', () => readLinks(shell));
  const detected = await attempt('distribution', () => detectHost(shell));
  const facts = {
    bootId: await attempt('boot id', async () => ((await readText(shell, '/proc/sys/kernel/random/boot_id')) ?? '').trim()),
    distribution: detected === undefined ? undefined : await attempt('settings', async () => ({ name: detected.distribution.name, role: detected.host.role, service: detected.host.service, ...(await settingsOf(shell, detected)) })),
    links,
    addresses: await attempt('addresses', () => readAddresses(shell)),
    routes: await attempt('routes', () => readRoutes(shell)),
    rules: await attempt('routing rules', () => readRules(shell)),
    neighbours: neighbours?.slice(0, MAX_ENTRIES),
    neighbourCount: neighbours?.length,
    neighbourTable: await attempt('neighbour table', () => readNeighbourTable(shell)),
    fdb: (await attempt('forwarding database', () => readFdb(shell)))?.slice(0, MAX_ENTRIES),
    iptables: await attempt('packet filter', async () => (await readFilters(shell)).map(({ family, backend, tables }) => ({ family, backend, tables: tables.map(summarizeTable) }))),
    ...(await nftOf(shell, attempt)),
    traffic: await attempt('queues and filters of devices', () => readTrafficControl(shell)),
    bpf: await attempt('BPF programs', () => bpfOf(shell, unknown)),
    ipsets: await attempt('address sets', () => ipsetsOf(shell)),
    sysctls: await attempt('kernel settings', () => readSysctls(shell, SYSCTLS)),
    sockets: await attempt('listening sockets', () => readSockets(shell)),
    conntrack: await attempt('connection tracking', () => readConntrack(shell)),
    udpInCsumErrors: await attempt('checksum errors', () => readUdpChecksumErrors(shell)),
    offloads: await attempt('offloads', () => offloadsOf(shell, (links ?? []).filter((link) => link.vxlan !== undefined || (link.kind === '' && link.name !== 'lo')).map((link) => link.name))),
    modules: await attempt('kernel modules', () => readModules(shell)),
    mounts: await attempt('mounts', () => readMounts(shell)),
    services: await attempt('services', () => servicesOf(shell)),
    nameservers: await attempt('nameservers', async () => [...((await readText(shell, '/etc/resolv.conf')) ?? '').matchAll(/^nameserver\s+(\S+)/gm)].map((match) => match[1] ?? '')),
    cni: await attempt('CNI configuration', () => readCniFacts(shell, detected)),
    hairpin: await attempt('bridge ports', () => readHairpin(shell)),
    leases: await attempt('address leases', () => leasesOf(shell)),
    subnetEnv: await attempt('subnet.env', () => subnetEnvOf(shell)),
    pods: await attempt('network namespaces of pods', () => podsOf(shell, unknown)),
  };
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Partial<HostFacts>;
  return fitFacts({ node: shell.node, observedAt: now().toISOString(), kernel, ...known, ...(unknown.length === 0 ? {} : { unknown }) });
}

type Attempt = <T>(what: string, read: () => Promise<T>) => Promise<T | undefined>;

/** Both or, where nft is missing or may not look, neither. */
async function nftOf(shell: NodeShell, attempt: Attempt): Promise<Pick<HostFacts, 'nftTables' | 'nftChains'>> {
  const nftChains = await attempt('nftables', () => readNftChains(shell));
  return nftChains === undefined ? {} : { nftChains, nftTables: await readNftTables(shell) };
}

async function ipsetsOf(shell: NodeShell): Promise<HostFacts['ipsets']> {
  const there = (await findPrograms(shell, ['ipset'])).has('ipset');
  if (!there) throw new EnvironmentError('the program ipset is not there; containers bring their own');
  return (await readIpsets(shell)).map(({ name, header, members }) => ({ name, header, size: members.length }));
}

async function bpfOf(shell: NodeShell, unknown: Unknown[]): Promise<HostFacts['bpf']> {
  const { bpf, missing } = await readBpf(shell);
  if (missing !== undefined) unknown.push({ what: `where BPF programs are attached on node ${shell.node}`, why: missing });
  return bpf;
}

async function podsOf(shell: NodeShell, unknown: Unknown[]): Promise<HostFacts['pods']> {
  const read = await readPodNamespaces(shell);
  unknown.push(...read.unknown.map(({ what, why }) => ({ what: `${what} on node ${shell.node}`, why })));
  return read.pods;
}

async function settingsOf(shell: NodeShell, { distribution, host }: Awaited<ReturnType<typeof detectHost>>): Promise<Pick<NonNullable<HostFacts['distribution']>, 'settings'>> {
  if (distribution.settings === undefined) return {};
  const settings = await distribution.settings(shell, host);
  return { settings: Object.fromEntries(Object.entries(settings).filter(([name]) => !PRIVATE_SETTINGS.has(name))) };
}

async function offloadsOf(shell: NodeShell, devices: readonly string[]): Promise<Record<string, Record<string, boolean>>> {
  const offloads: Record<string, Record<string, boolean>> = {};
  for (const device of devices) offloads[device] = await readOffloads(shell, device);
  return offloads;
}

async function servicesOf(shell: NodeShell): Promise<Record<string, boolean>> {
  // One line per unit; the status is not 0 as soon as one is not active.
  const { stdout } = await shell.run(['systemctl', 'is-active', ...SERVICES]);
  const lines = stdout.trim().split('\n');
  return lines.length === SERVICES.length ? Object.fromEntries(SERVICES.map((name, at) => [name, lines[at] === 'active'])) : {};
}

async function leasesOf(shell: NodeShell): Promise<Record<string, number>> {
  const leases: Record<string, number> = {};
  for (const network of (await listDirectory(shell, LEASES)) ?? []) {
    leases[network] = ((await listDirectory(shell, `${LEASES}/${network}`)) ?? []).filter((name) => /^[0-9a-f.:]+$/.test(name)).length;
  }
  return leases;
}

async function subnetEnvOf(shell: NodeShell): Promise<Record<string, string> | undefined> {
  const text = await readText(shell, SUBNET_ENV);
  return text === undefined ? undefined : Object.fromEntries([...text.matchAll(/^(FLANNEL_[A-Z0-9_]+)=(\S*)$/gm)].map((match) => [match[1] ?? '', match[2] ?? '']));
}
