/** Rules that read hosts, beyond their two examples: BPF programs, configurations that nobody noticed, closed hosts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadSnapshot } from '../cluster/snapshot/load.ts';
import { CATALOGUE } from '../cni/catalogue.ts';
import type { FindingsReport } from '../report/document.ts';
import { ciliumAgent, filterTable, flannelDaemonSet, host, link, node, pod, vxlanLink } from './examples.ts';
import type { Example, Rule } from './rule.ts';
import { bpfLeftovers } from './rules/cni/bpf-leftovers.ts';
import { confUnnoticed } from './rules/cni/conf-unnoticed.ts';
import { overlayFiltered } from './rules/host/overlay-filtered.ts';
import { audit } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-host-rules-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function judged(rule: Rule, example: Example): Promise<FindingsReport> {
  const file = join(dir, 'x.json');
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: example }));
  return audit(await loadSnapshot([file], { catalogue: CATALOGUE, tool: 'test', now: new Date(0) }), { rules: [rule], tool: 'test', subject: 'x' });
}

type Filter = NonNullable<NonNullable<Parameters<typeof host>[1]['traffic']>['filters']>[number];
const filter = (device: string, name: string): Filter => ({ device, direction: 'ingress', kind: 'bpf', protocol: 'all', pref: 1, name });

describe('BPF programs', () => {
  const traffic = (...filters: Filter[]): Readonly<Record<string, unknown>> => host('n1', { links: [link('eth0'), link('lxc1', { kind: 'veth' })], traffic: { qdiscs: [], filters } });
  const agent = (ready: string): Readonly<Record<string, unknown>> => pod('cilium-x', { namespace: 'kube-system', labels: { app: 'cilium' }, status: { conditions: [{ type: 'Ready', status: ready }] } });

  it.each(['cil_from_netdev-eth0', 'bpf_netdev_eth0.o:[from-netdev]', 'bpf_host.o:[to-netdev]', 'cilium-eth0', 'cali_tc_preamble', 'calico_from_host_ep'])('%s on a card is an error while its CNI does not run', async (name) => {
    expect((await judged(bpfLeftovers, [node('n1'), flannelDaemonSet(), traffic(filter('eth0', name))])).findings).toMatchObject([{ severity: 'error' }]);
  });
  it('on pods’ devices alone are a warning, and those of others are none', async () => {
    expect((await judged(bpfLeftovers, [node('n1'), flannelDaemonSet(), traffic(filter('lxc1', 'cil_from_container-lxc1'))])).findings).toMatchObject([{ severity: 'warning' }]);
    expect((await judged(bpfLeftovers, [node('n1'), flannelDaemonSet(), traffic(filter('eth0', 'p.o:[tc]'), filter('eth0', 'datadog_ingress'))])).checked).toMatchObject([{ verdict: 'pass' }]);
  });
  it('whose agent is not ready on the node are a warning; with its pods not in the snapshot nothing is said', async () => {
    const cilium = [node('n1'), ciliumAgent(), traffic(filter('eth0', 'cil_from_netdev-eth0'))];
    expect((await judged(bpfLeftovers, [...cilium, agent('False')])).findings).toMatchObject([{ severity: 'warning', summary: expect.stringContaining("cilium's agent is not ready on node n1") as string }]);
    expect((await judged(bpfLeftovers, [...cilium, agent('True')])).findings).toEqual([]);
    expect((await judged(bpfLeftovers, cilium)).findings).toEqual([]);
  });
  it('are seen by bpftool where tc does not show them, each once', async () => {
    const both = host('n1', { links: [link('eth0')], traffic: { qdiscs: [], filters: [filter('eth0', 'cil_from_netdev-eth0')] }, bpf: { attached: [{ device: 'eth0', where: 'clsact/ingress', name: 'cil_from_netdev-eth0', id: 7 }, { device: 'eth0', where: 'tcx/egress', name: 'cil_to_netdev', id: 8 }], pinned: [] } });
    const { findings } = await judged(bpfLeftovers, [node('n1'), flannelDaemonSet(), both]);
    expect(findings[0]?.evidence[0]?.excerpt).toBe('eth0 ingress cil_from_netdev-eth0, eth0 egress cil_to_netdev');
  });
  it('of sockets answer for Services although no device has any', async () => {
    const sockets = host('n1', { links: [link('eth0')], traffic: { qdiscs: [], filters: [] }, bpf: { attached: [], pinned: [], programs: [{ type: 'cgroup_sock_addr', name: 'cil_sock4_conne', count: 1 }] } });
    expect((await judged(bpfLeftovers, [node('n1'), flannelDaemonSet(), sockets])).findings).toMatchObject([{ severity: 'error' }]);
  });
  it('that were not read are unknown', async () => {
    expect((await judged(bpfLeftovers, [node('n1'), flannelDaemonSet(), host('n1', { links: [link('eth0')] })])).checked).toMatchObject([{ verdict: 'unknown' }]);
  });
});

describe('a configuration that containerd does not see', () => {
  const cni = { confDir: '/etc/cni/net.d', binDirs: ['/opt/cni/bin'], byDefault: true, confs: [], plugins: {} };
  const silent = node('n1', { status: { conditions: [{ type: 'Ready', status: 'False', message: 'NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized' }] } });
  it('is none when there is no configuration, or the node is not ready for another reason', async () => {
    expect((await judged(confUnnoticed, [silent, host('n1', { cni })])).checked).toMatchObject([{ verdict: 'pass' }]);
    const full = { ...cni, confs: [{ file: 'a.conflist', network: 'x', types: ['a'] }], plugins: { '/opt/cni/bin': ['a'] } };
    expect((await judged(confUnnoticed, [node('n1', { status: { conditions: [{ type: 'Ready', status: 'False', message: 'PLEG is not healthy' }] } }), host('n1', { cni: full })])).findings).toEqual([]);
  });
  it('is unknown when the host was not read', async () => {
    expect((await judged(confUnnoticed, [silent])).checked).toMatchObject([{ verdict: 'unknown' }]);
    expect((await judged(confUnnoticed, [silent, host('n1', { links: [link('eth0')] })])).checked).toMatchObject([{ verdict: 'unknown' }]);
  });
});

describe('a host that is closed', () => {
  const nodes = [node('n1'), node('n2', { address: '192.168.10.12' }), flannelDaemonSet()];
  const closed = { iptables: [{ family: 4 as const, backend: 'nft' as const, tables: [filterTable({ policies: { INPUT: 'DROP' } })] }] };
  it('is found with the number of nodes that it shuts out', async () => {
    const { findings } = await judged(overlayFiltered, [...nodes, node('n3', { address: '192.168.10.13' }), host('n1', { links: [vxlanLink('flannel.1')], ...closed })]);
    expect(findings).toMatchObject([{ summary: 'node n1 drops packets of flannel.1 (VXLAN, UDP 8472) from 2 nodes' }]);
  });
  it('does not matter without a tunnel, or when the tunnel is down', async () => {
    for (const links of [[link('eth0')], [vxlanLink('flannel.1', { up: false })]]) expect((await judged(overlayFiltered, [...nodes, host('n1', { links, ...closed })])).checked).toMatchObject([{ verdict: 'pass' }]);
  });
  it('by a native table is not judged, and it is said', async () => {
    const open = { iptables: [{ family: 4 as const, backend: 'nft' as const, tables: [] }], nftChains: [{ table: 'inet firewall', chain: 'input', hook: 'input', type: 'filter', priority: 0, policy: 'drop' }] };
    const report = await judged(overlayFiltered, [...nodes, host('n1', { links: [vxlanLink('flannel.1')], ...open })]);
    expect(report.checked).toMatchObject([{ verdict: 'unknown', why: 'the nftables chain inet firewall input drops by default, and its rules are not in the snapshot' }]);
  });
  it('is unknown when its packet filter was not read', async () => {
    expect((await judged(overlayFiltered, [...nodes, host('n1', { links: [vxlanLink('flannel.1')] })])).checked).toMatchObject([{ verdict: 'unknown' }]);
  });
});
