/** What was read on one host: the public form of it in a snapshot. Every part may be missing; what was tried and failed stands in `unknown`. */
import { z } from 'zod';
import { unknownSchema } from '../../core/finding.ts';

/** Listening sockets, routes and neighbours that are kept of one pod: with as many, there may be more. */
export const MAX_OF_ONE_POD = 256;

const family = z.union([z.literal(4), z.literal(6)]);

const vxlan = z.strictObject({
  vni: z.number(), port: z.number().describe('UDP destination port'), local: z.string().optional(), device: z.string().optional(), learning: z.boolean(), external: z.boolean(),
});
const link = z.strictObject({
  index: z.number(), name: z.string(), kind: z.string().describe('vxlan, bridge, veth, …; empty for physical devices and loopback'), mac: z.string(), mtu: z.number(),
  up: z.boolean(), master: z.string().optional(), peerElsewhere: z.boolean().describe('a veth whose other end is in another network namespace'), vxlan: vxlan.optional(),
});
const address = z.strictObject({ device: z.string(), family: z.enum(['inet', 'inet6']), address: z.string(), prefixLength: z.number(), scope: z.string() });
const route = z.strictObject({
  family, type: z.string(), dst: z.string(), gateway: z.string().optional(), device: z.string().optional(), table: z.string(), protocol: z.string(),
  scope: z.string().optional(), source: z.string().optional(), metric: z.number().optional(), mtu: z.number().optional(), onlink: z.boolean(),
});
const rule = z.strictObject({ family, priority: z.number(), fields: z.record(z.string(), z.unknown()) });
const neighbour = z.strictObject({ address: z.string(), device: z.string(), mac: z.string().optional(), permanent: z.boolean() });
const fdbEntry = z.strictObject({ mac: z.string(), device: z.string(), dst: z.string().optional(), master: z.string().optional(), permanent: z.boolean() });
const table = z.strictObject({
  name: z.string(),
  policies: z.record(z.string(), z.string()).describe('built-in chains and their policies'),
  chains: z.array(z.string()).describe('user chains, but for those of one Service, endpoint or pod'),
  counted: z.record(z.string(), z.number()).describe('how many chains were made for one Service, endpoint or pod each, by the part of their names before the hash'),
  rules: z.array(z.string()).describe('rules of the chains that are listed, as `-A CHAIN …`'),
  dropped: z.number().describe('rules of listed chains beyond the limit, which are not in `rules`'),
});
const iptables = z.strictObject({ family, backend: z.enum(['nft', 'legacy']), tables: z.array(table) });
const socket = z.strictObject({ protocol: z.enum(['tcp', 'udp']), address: z.string().describe('* for all; 0.0.0.0 for all of IPv4, :: for all of IPv6 alone'), port: z.number(), process: z.string().optional() });
const cniConf = z.strictObject({
  file: z.string(), network: z.string().optional(), types: z.array(z.string()).describe('types of the plugins; empty when the file is no valid configuration'),
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional().describe('mtu, hairpinMode, ipMasq, … as `plugin.setting`'),
});
const podFacts = z.strictObject({
  addresses: z.array(z.string()),
  loopbackUp: z.boolean().optional(),
  mtu: z.number().optional().describe('of the device with the pod address'),
  links: z.array(z.strictObject({ name: z.string(), kind: z.string(), mac: z.string(), mtu: z.number(), up: z.boolean(), peerIndex: z.number().optional().describe('index of the other end on the host') })).optional(),
  routes: z.array(route).optional().describe('of the main table'),
  neighbours: z.array(z.strictObject({ address: z.string(), device: z.string(), mac: z.string().optional(), state: z.string() })).optional(),
  sockets: z.array(socket).optional().describe('listening sockets'),
});

const trafficFilter = z.strictObject({
  device: z.string(), direction: z.enum(['ingress', 'egress']), kind: z.string().describe('bpf, u32, flower, …'), protocol: z.string(), pref: z.number(),
  name: z.string().optional().describe('of a BPF filter, as its loader named it'), program: z.string().optional(), id: z.number().optional(),
});
const bpf = z.strictObject({
  attached: z.array(z.strictObject({ device: z.string(), where: z.string().describe('xdp, clsact/ingress, tcx/egress, …'), name: z.string().optional(), id: z.number() })),
  pinned: z.array(z.string()).describe('paths below /sys/fs/bpf'),
  programs: z.array(z.strictObject({ type: z.string(), name: z.string(), count: z.number() })).optional().describe('loaded programs, whoever loaded them; absent without bpftool'),
});

export const hostFactsSchema = z.strictObject({
  node: z.string().describe('name of the Node object'),
  observedAt: z.iso.datetime().optional(),
  bootId: z.string().optional(),
  kernel: z.string().optional().describe('release, as `uname -r` prints it'),
  distribution: z.strictObject({
    name: z.string(), role: z.enum(['server', 'agent']), service: z.string(),
    settings: z.record(z.string(), z.strictObject({ value: z.string(), source: z.string() })).optional().describe('settings of networking in its configuration, and the file that decides'),
  }).optional(),
  links: z.array(link).optional(),
  addresses: z.array(address).optional(),
  routes: z.array(route).optional(),
  rules: z.array(rule).optional(),
  neighbours: z.array(neighbour).optional(),
  neighbourCount: z.number().optional().describe('entries of the neighbour table, in this network namespace'),
  neighbourTable: z.strictObject({ entries: z.number(), tableFulls: z.number().describe('how often an entry found no place') }).optional().describe('the IPv4 table of the whole kernel, all network namespaces together'),
  fdb: z.array(fdbEntry).optional(),
  iptables: z.array(iptables).optional(),
  nftTables: z.array(z.string()).optional().describe('as `family name`'),
  nftChains: z.array(z.strictObject({ table: z.string().describe('as `family name`'), chain: z.string(), hook: z.string(), type: z.string(), priority: z.number(), policy: z.string().optional() })).optional().describe('chains that the kernel calls by itself'),
  traffic: z.strictObject({ qdiscs: z.array(z.strictObject({ device: z.string(), kind: z.string() })).describe("without the kernel's own"), filters: z.array(trafficFilter) }).optional(),
  bpf: bpf.optional(),
  ipsets: z.array(z.strictObject({ name: z.string(), header: z.string(), size: z.number() })).optional(),
  sysctls: z.record(z.string(), z.string()).optional(),
  sockets: z.array(socket).optional().describe('listening sockets of the host itself'),
  conntrack: z.strictObject({ count: z.number(), max: z.number(), insertFailed: z.number().optional(), drop: z.number().optional(), earlyDrop: z.number().optional() }).optional(),
  udpInCsumErrors: z.number().optional().describe('counter UdpInCsumErrors'),
  offloads: z.record(z.string(), z.record(z.string(), z.boolean())).optional().describe('by device, as `ethtool -k` names them'),
  modules: z.array(z.string()).optional().describe('those of the kernel modules looked for that are loaded or built in'),
  mounts: z.strictObject({ bpf: z.boolean(), cgroup2: z.boolean() }).optional().describe('whether file systems of these types are mounted'),
  services: z.record(z.string(), z.boolean()).optional().describe('whether firewalld, ufw, … are active'),
  nameservers: z.array(z.string()).optional().describe('of the resolv.conf that the kubelet hands on'),
  cni: z.strictObject({
    confDir: z.string(), binDirs: z.array(z.string()), byDefault: z.boolean(),
    confs: z.array(cniConf), plugins: z.record(z.string(), z.array(z.string())).describe('programs by directory'),
    otherConfs: z.record(z.string(), z.array(cniConf)).optional().describe('directories that containerd does not read, but others write to'),
    renamed: z.array(z.string()).optional().describe('configurations that were renamed out of the way'),
  }).optional(),
  hairpin: z.record(z.string(), z.boolean()).optional().describe('bridge port → hairpin mode'),
  leases: z.record(z.string(), z.number()).optional().describe('network → addresses that the host-local plugin holds'),
  subnetEnv: z.record(z.string(), z.string()).optional().describe('/run/…/subnet.env, where there is one'),
  pods: z.array(podFacts).optional(),
  unknown: z.array(unknownSchema).optional(),
});

/** Facts of one host. */
export type HostFacts = z.infer<typeof hostFactsSchema>;
