/** Faults of hosts, made in a kernel of flesh and blood: what is read there leads to the rule meant for it, and without a fault to none. Needs root, no cluster. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { calicoNode, configMap, flannelAnnotations, flannelDaemonSet, ipPool, node, policy } from '../../src/audit/examples.ts';
import { verdictOf } from '../../src/audit/packet-filter.ts';
import { RULES } from '../../src/audit/rules.ts';
import { audit } from '../../src/audit/run.ts';
import { loadSnapshot } from '../../src/cluster/snapshot/load.ts';
import { CATALOGUE } from '../../src/cni/catalogue.ts';
import { EnvironmentError } from '../../src/core/errors.ts';
import { readHostFacts } from '../../src/distro/host-facts.ts';
import { summarizeTable } from '../../src/node/facts/filter-summary.ts';
import { readFilters } from '../../src/node/facts/iptables-facts.ts';
import { readPodNamespaces } from '../../src/node/facts/pod-namespaces.ts';
import type { NodeShell } from '../../src/node/shell.ts';
import { namespaceHost, type TestHost } from '../support/namespace-shell.ts';

const MAC = '02:00:00:00:00:01';
const confFile = (name: string, type: string): string => `mkdir -p /etc/cni/net.d && echo '{"name":"${type}-net","cniVersion":"0.4.0","plugins":[{"type":"${type}"}]}' > /etc/cni/net.d/${name}`;
const plugins = (...names: string[]): string => `mkdir -p /opt/cni/bin && rm -f /opt/cni/bin/* && touch ${names.map((name) => `/opt/cni/bin/${name}`).join(' ')}`;

/** A kubeadm node: a network card, forwarding, a containerd that reads the usual directories. */
const HOST = [
  'mkdir -p /etc/kubernetes /etc/containerd && touch /etc/kubernetes/kubelet.conf && rm -f /etc/containerd/config.toml', 'rm -rf /etc/cni/net.d',
  'ip link add eth0 type veth peer name other', 'ip addr add 192.168.10.11/24 dev eth0', 'ip link set eth0 up', 'ip link set other up', 'ip route add default via 192.168.10.1',
  'sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0',
].join(' && ');
const FLANNEL = [
  `ip link add flannel.1 address ${MAC} mtu 1450 type vxlan id 1 dstport 8472 local 192.168.10.11 dev eth0 nolearning`, 'ip addr add 10.244.0.0/32 dev flannel.1', 'ip link set flannel.1 up',
  'ip route add 10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink', confFile('10-flannel.conflist', 'flannel'), plugins('flannel', 'loopback', 'host-local'),
].join(' && ');
const CALICO = [
  'ip link add vxlan.calico mtu 1450 type vxlan id 4096 dstport 4789 local 192.168.10.11 dev eth0 nolearning', 'ip link set vxlan.calico up', 'ip link add cali0ef24b1e7a1 type veth peer name pod0', 'ip link set cali0ef24b1e7a1 up', 'ip link set pod0 up',
  'sysctl -qw net.ipv4.conf.cali0ef24b1e7a1.proxy_arp=1 net.ipv4.conf.cali0ef24b1e7a1.forwarding=1 net.ipv4.neigh.cali0ef24b1e7a1.proxy_delay=0', confFile('10-calico.conflist', 'calico'), plugins('calico', 'calico-ipam', 'loopback'),
].join(' && ');

const kubeadm = configMap('kubeadm-config', { ClusterConfiguration: 'networking: {podSubnet: 10.244.0.0/16, serviceSubnet: 10.96.0.0/12}' });
const objects = {
  flannel: [node('n1', { podCIDR: '10.244.0.0/24', annotations: flannelAnnotations('192.168.10.11', MAC) }), kubeadm, flannelDaemonSet()],
  calico: [node('n1', { podCIDR: '10.244.0.0/24' }), kubeadm, calicoNode([{ name: 'IP_AUTODETECTION_METHOD', value: 'kubernetes-internal-ip' }]), ipPool('p', { cidr: '10.244.0.0/16' }), policy('deny', { podSelector: {}, ingress: [] })],
};

/** What is done, and the rule that must find it. */
const FAULTS: readonly [keyof typeof objects, string, string][] = [
  ['flannel', 'FL-MTU-001', 'ip link set eth0 mtu 1450'],
  ['flannel', 'FL-VXLAN-001', 'ip link add cilium_vxlan type vxlan id 2 dstport 8472 dev eth0'],
  ['flannel', 'FL-VXLAN-003', 'ip link set flannel.1 address 02:00:00:00:00:99'],
  ['flannel', 'FL-HOST-001', 'sysctl -qw net.ipv4.ip_forward=0'],
  ['flannel', 'FL-HOST-002', 'iptables -P FORWARD DROP'],
  ['flannel', 'FL-HOST-008', 'iptables -N KUBE-ROUTER-INPUT && iptables -A INPUT -j KUBE-ROUTER-INPUT && iptables -P INPUT DROP'],
  ['flannel', 'FL-CNI-007', 'ip link add vxlan.calico type vxlan id 4096 dstport 4789 dev eth0'],
  ['flannel', 'FL-CNI-008', 'iptables -N cali-FORWARD'],
  ['flannel', 'FL-CNI-009', 'ip link add flannel-wg type veth peer name x && ip addr add 10.244.0.0/32 dev flannel-wg'],
  ['flannel', 'FL-CNI-002', confFile('05-other.conflist', 'bridge')],
  ['flannel', 'FL-CNI-003', 'rm /etc/cni/net.d/*'],
  ['flannel', 'FL-CNI-004', 'rm /opt/cni/bin/loopback'],
  ['flannel', 'FL-CIDR-005', 'ip link add wg0 type veth peer name y && ip link set wg0 up && ip route add 10.244.64.0/18 dev wg0'],
  ['flannel', 'FL-HOST-014', 'ip link add cni0 mtu 1450 type bridge && ip link set cni0 up && ip link add veth9 mtu 1450 type veth peer name z && ip link set veth9 master cni0'],
  ['flannel', 'FL-IPAM-003', 'mkdir -p /var/lib/cni/networks/cbr0 && for i in $(seq 2 250); do touch /var/lib/cni/networks/cbr0/10.244.0.$i; done'],
  ['calico', 'FL-ARP-001', 'sysctl -qw net.ipv4.conf.cali0ef24b1e7a1.proxy_arp=0'],
  ['calico', 'FL-ARP-002', 'ip route del default'],
  ['calico', 'FL-ARP-003', 'sysctl -qw net.ipv4.neigh.cali0ef24b1e7a1.proxy_delay=80'],
  ['calico', 'FL-CNI-007', 'ip link add flannel.1 type vxlan id 1 dstport 8472 dev eth0 && ip link set flannel.1 up && ip route add 10.244.3.0/24 dev flannel.1'],
  ['calico', 'FL-CNI-008', 'iptables -N KUBE-ROUTER-FORWARD'],
  ['calico', 'FL-CNI-002', confFile('05-flannel.conflist', 'flannel')],
];

const dir = mkdtempSync(join(tmpdir(), 'fairlead-hosts-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('facts of a real kernel', () => {
  let host: TestHost;
  beforeEach(async () => {
    host = await namespaceHost('n1');
    await host.set(HOST);
  });
  afterEach(async () => await host.remove());

  /** Rules above `info` that find something; `known` are those of the machine itself (its modules). */
  async function found(cni: keyof typeof objects): Promise<string[]> {
    // The namespace shares the machine's processes: their network namespaces are none of ours.
    const shell: NodeShell = { ...host, run: (argv, options) => (argv[2]?.includes('nsenter') === true ? Promise.reject(new EnvironmentError('not here')) : host.run(argv, options)) };
    const { node: name, ...facts } = await readHostFacts(shell);
    const file = join(dir, 'x.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...objects[cni], { apiVersion: 'fairlead.dev/v1', kind: 'HostFacts', metadata: { name }, ...facts }] }));
    const snapshot = await loadSnapshot([file], { catalogue: CATALOGUE, tool: '1.0.0', now: new Date(0) });
    const { findings } = audit(snapshot, { rules: RULES, tool: '1.0.0', subject: 'x' });
    // FL-HOST-004 depends on whether the machine has br_netfilter; FL-HOST-007 on what else uses its legacy tables.
    return [...new Set(findings.filter(({ severity, rule }) => severity !== 'info' && !['FL-HOST-004', 'FL-HOST-007'].includes(rule)).map(({ rule }) => rule))];
  }

  it.each(['flannel', 'calico'] as const)('without a fault, with %s, lead to no finding', async (cni) => {
    await host.set(cni === 'flannel' ? FLANNEL : CALICO);
    expect(await found(cni)).toEqual([]);
  });

  it.each(FAULTS)('with %s lead to %s after: %s', async (cni, rule, line) => {
    await host.set(cni === 'flannel' ? FLANNEL : CALICO);
    await host.set(line);
    expect(await found(cni)).toContain(rule);
  });
});

describe('a pod of a real kernel', () => {
  it('is entered: its devices, routes and who listens where', async () => {
    const host = await namespaceHost('n1');
    try {
      await host.set('ip netns add pod && ip link add cali1 type veth peer name eth0 netns pod && ip link set cali1 up && ip -n pod link set lo up && ip -n pod link set eth0 mtu 1450 up && ip -n pod addr add 198.51.100.77/32 dev eth0 && ip -n pod route add 169.254.1.1 dev eth0 scope link && ip -n pod route add default via 169.254.1.1 dev eth0');
      // Its output would keep the command open.
      await host.set(`ip netns exec pod ${process.execPath} -e "process.title='srv x'; const n = require('node:net'); n.createServer().listen(8080, '127.0.0.1'); n.createServer().listen(9000, '0.0.0.0')" >/dev/null 2>&1 </dev/null & for i in $(seq 100); do ip netns exec pod ss -Hlnt | grep -q 9000 && exit 0; sleep 0.1; done; exit 1`);
      const { pods } = await readPodNamespaces(host);
      const pod = pods.find(({ addresses }) => addresses.includes('198.51.100.77'));
      expect(pod).toMatchObject({ loopbackUp: true, mtu: 1450, links: [{ name: 'eth0', kind: 'veth', up: true }] });
      expect(pod?.routes?.map(({ dst }) => dst)).toContain('default');
      expect(pod?.sockets?.map(({ address, port }) => `${address}:${port}`).toSorted()).toEqual(['0.0.0.0:9000', '127.0.0.1:8080']);
      expect(pod?.sockets?.every(({ process: owner }) => owner !== undefined)).toBe(true);
    } finally {
      await host.set('for p in $(ip netns pids pod); do kill $p; done').catch(() => undefined);
      await host.remove();
    }
  });
});

describe('a packet filter of a real kernel', () => {
  const MATCHES = [
    '', '-s 192.168.10.0/24', '! -s 192.168.10.0/24', '-s 10.0.0.0/8', '-p udp', '-p tcp', '-p udp --dport 8472', '-p udp ! --dport 8472', '-p udp --dport 8000:9000', '-p udp -m multiport --dports 53,8472', '-i eth0', '! -i eth0', '-i lo',
    '-m conntrack --ctstate NEW', '-m conntrack --ctstate RELATED,ESTABLISHED', '-m addrtype --dst-type LOCAL', '-m comment --comment "a -j DROP b"', '-m mark --mark 1', '-d 192.168.10.11',
  ];
  /** Numbers that are the same each time (a linear congruence, as in ANSI C). */
  function* numbers(): Generator<number> {
    for (let state = 7; ;) yield (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) >> 16;
  }
  const source = numbers();
  const pick = <T>(all: readonly T[]): T => all[source.next().value as number % all.length] as T;
  const filter = (): string => [
    '*filter', `:INPUT ${pick(['ACCEPT', 'DROP'])} [0:0]`, ':a - [0:0]', ':b - [0:0]',
    ...([['INPUT', ['ACCEPT', 'DROP', 'REJECT', 'a', 'b']], ['a', ['ACCEPT', 'DROP', 'RETURN', 'b']], ['b', ['ACCEPT', 'DROP', 'RETURN']]] as const)
      .flatMap(([chain, targets]) => Array.from({ length: pick([0, 1, 2, 3]) }, () => `-A ${chain} ${pick(MATCHES)} -j ${pick<string>(targets)}`)),
    'COMMIT', '',
  ].join('\n');
  const ANSWER = "const s=require('node:dgram').createSocket('udp4');s.on('message',(m,r)=>s.send(m,r.port,r.address));s.bind(8472)";
  const ASK = "const s=require('node:dgram').createSocket('udp4');s.on('message',()=>{console.log('yes');process.exit()});s.on('error',()=>{});setTimeout(()=>{console.log('no');process.exit()},300);s.send('x',8472,'192.168.10.11')";

  it('does what is said of it, wherever that is certain', { timeout: 120_000 }, async () => {
    const host = await namespaceHost('n1');
    let answering: string | undefined;
    try {
      await host.set('ip netns add peer && ip link add eth0 type veth peer name eth0 netns peer && ip link set eth0 up && ip addr add 192.168.10.11/24 dev eth0 && ip -n peer link set eth0 up && ip -n peer addr add 192.168.10.12/24 dev eth0');
      answering = (await host.set(`"${process.execPath}" -e "${ANSWER}" >/dev/null 2>&1 </dev/null & echo $!; for i in $(seq 100); do ss -Hlnu | grep -q 8472 && exit 0; sleep 0.1; done; exit 1`)).trim();
      let certain = 0;
      for (let round = 0; round < 40; round++) {
        const rules = filter();
        expect((await host.run(['iptables-nft-restore'], { stdin: rules })).code).toBe(0);
        const table = (await readFilters(host)).find(({ family, backend }) => family === 4 && backend === 'nft')?.tables.find(({ name }) => name === 'filter');
        if (table === undefined) throw new Error('the filter is not there');
        const { verdict, by } = verdictOf(summarizeTable(table), 'INPUT', { protocol: 'udp', port: 8472, source: '192.168.10.12', device: 'eth0' });
        const heard = (await host.run(['ip', 'netns', 'exec', 'peer', process.execPath, '-e', ASK])).stdout.trim();
        if (verdict === 'undecided') continue;
        certain++;
        expect(heard, `${rules}${by}`).toBe(verdict === 'accept' ? 'yes' : 'no');
      }
      expect(certain).toBeGreaterThan(25);
    } finally {
      if (answering !== undefined) await host.run(['kill', answering]);
      await host.remove();
    }
  });
});
