/** Recorded with iproute2 6.1, bpftool 7.1 and nftables 1.0.6 in a network namespace with a BPF filter, an XDP program, a rate limit and a native firewall. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EnvironmentError } from '../../core/errors.ts';
import type { NodeShell, RunResult } from '../shell.ts';
import { parseBpfNet, parseBpfPrograms, parseXdp, readBpf } from './bpf.ts';
import { readFilters } from './iptables-facts.ts';
import { parseMounts } from './kernel.ts';
import { parseNftChains } from './nft-chains.ts';
import { parseProcStat, readNeighbourTable } from './proc-stat.ts';
import { parseFilters, parseQdiscs, readTrafficControl } from './traffic-control.ts';

const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');

/** A host that answers the commands that begin like this; other programs are not there. */
function host(answers: Record<string, Partial<RunResult>>, files: Record<string, string> = {}): NodeShell {
  return {
    node: 'n1',
    run: (argv) => {
      const line = argv.join(' ');
      const found = Object.entries(answers).find(([prefix]) => line.startsWith(prefix));
      return found === undefined ? Promise.reject(new EnvironmentError(`the program ${argv[0] ?? ''} is not there`)) : Promise.resolve({ code: 0, stdout: '', stderr: '', ...found[1] });
    },
    read: (path) => Promise.resolve(files[path] === undefined ? undefined : new TextEncoder().encode(files[path])),
    write: () => Promise.reject(new Error('nothing is written')),
  };
}

describe('tc', () => {
  it('qdiscs without the kernel’s own', () => expect(parseQdiscs(fixture('qdisc.json'))).toEqual([{ device: 'lo', kind: 'tbf' }, { device: 'cali0', kind: 'clsact' }]));
  it('a BPF filter, with the names of loader and program', () => {
    expect(parseFilters(fixture('filter-ingress.json'), 'cali0', 'ingress')).toEqual([{ device: 'cali0', direction: 'ingress', kind: 'bpf', protocol: 'all', pref: 49152, name: 'p.o:[tc]', program: 'cil_from_netdev', id: 100 }]);
  });
  it('both directions of devices that have some, in two commands', async () => {
    const shell = host({ 'tc -j qdisc show': { stdout: fixture('qdisc.json') }, 'sh -c for d in': { stdout: `\n@@\n${fixture('filter-ingress.json')}\n@@\n[]\n` } });
    expect((await readTrafficControl(shell)).filters).toMatchObject([{ device: 'cali0', direction: 'ingress', program: 'cil_from_netdev' }]);
  });
  it('is missing: an error, not an empty list', async () => await expect(readTrafficControl(host({}))).rejects.toThrow('tc is not there'));
});

describe('BPF', () => {
  it('XDP programs of devices, from ip', () => expect(parseXdp(fixture('link-xdp.json'))).toEqual([{ device: 'cali0', where: 'xdp', name: 'xdp_pass', id: 105 }]));
  it('attachments, from bpftool; links as newer versions write them', () => {
    expect(parseBpfNet(fixture('bpf-net.json'))).toEqual([{ device: 'cali0', where: 'xdp', id: 105 }, { device: 'cali0', where: 'clsact/ingress', name: 'p.o:[tc]', id: 100 }]);
    expect(parseBpfNet('[{"xdp":[],"tc":[{"devname":"eth0","ifindex":2,"kind":"tcx/ingress","name":"cil_from_netdev","prog_id":7,"link_id":3}],"flow_dissector":[],"netfilter":[]}]')).toEqual([{ device: 'eth0', where: 'tcx/ingress', name: 'cil_from_netdev', id: 7 }]);
  });
  it('programs, counted by type and name', () => {
    expect(parseBpfPrograms(fixture('bpf-prog.json'))).toEqual([{ type: 'cgroup_sock_addr', name: 'cil_sock4_conne', count: 1 }, { type: 'sched_cls', name: 'cil_from_netdev', count: 2 }, { type: 'xdp', name: 'xdp_pass', count: 1 }]);
  });
  it('without bpftool: what is pinned decides whether that matters', async () => {
    const listing = (names: string): Record<string, Partial<RunResult>> => ({
      'find /sys/fs/bpf': { stdout: names }, 'ip -j link show': { stdout: fixture('link-xdp.json') }, 'sh -c PATH=': { stdout: '' },
    });
    expect(await readBpf(host(listing('/sys/fs/bpf/maps.debug\n')))).toEqual({ bpf: { attached: [{ device: 'cali0', where: 'xdp', name: 'xdp_pass', id: 105 }], pinned: [] } });
    expect(await readBpf(host(listing('/sys/fs/bpf/tc/globals/cilium_calls\n')))).toMatchObject({ bpf: { pinned: ['tc/globals/cilium_calls'] }, missing: 'bpftool is not there, and 1 maps and programs are pinned in /sys/fs/bpf' });
  });
});

describe('packet filters', () => {
  it('chains of nftables that the kernel calls', () => {
    expect(parseNftChains(fixture('nft-chains.json'))).toEqual([
      { table: 'inet firewall', chain: 'input', hook: 'input', type: 'filter', priority: 0, policy: 'drop' },
      { table: 'inet firewall', chain: 'forward', hook: 'forward', type: 'filter', priority: -5, policy: 'accept' },
      { table: 'ip filter', chain: 'FORWARD', hook: 'forward', type: 'filter', priority: 0, policy: 'drop' },
    ]);
  });
  const there = { 'sh -c PATH=': { stdout: 'iptables-nft-save\t/usr/sbin/iptables-nft-save\n' } };
  it('that may not be looked at are an error; a kernel without the backend is none', async () => {
    const refused = 'iptables-nft-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)';
    await expect(readFilters(host({ ...there, '/usr/sbin/iptables-nft-save': { code: 4, stderr: refused } }))).rejects.toThrow('may not look');
    const without = "iptables-legacy-save v1.8.9: Cannot initialize: Table does not exist (do you need to insmod?)";
    expect(await readFilters(host({ ...there, '/usr/sbin/iptables-nft-save': { code: 1, stderr: without } }))).toEqual([{ family: 4, backend: 'nft', tables: [] }]);
  });
  it('without any program are an error', async () => await expect(readFilters(host({ 'sh -c PATH=': {} }))).rejects.toThrow('no program of iptables is there'));
});

describe('counters of /proc/net/stat', () => {
  const arp = 'entries  allocs   table_fulls\n00000075 00001f7e 00000001\n00000075 00001c6c 0000000f\n';
  it('are summed; the number of entries stands in each line', async () => {
    expect(parseProcStat(arp)).toEqual({ entries: 234, allocs: 15338, table_fulls: 16 });
    expect(await readNeighbourTable(host({}, { '/proc/net/stat/arp_cache': arp }))).toEqual({ entries: 117, tableFulls: 16 });
    expect(await readNeighbourTable(host({}))).toBeUndefined();
    expect(parseProcStat('nothing of the kind')).toBeUndefined();
  });
});

it('mounts', () => expect(parseMounts('proc /proc proc rw 0 0\nbpf /sys/fs/bpf bpf rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw 0 0\n')).toEqual({ bpf: true, cgroup2: false }));
