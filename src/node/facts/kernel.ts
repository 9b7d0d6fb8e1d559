/** What the kernel of a node has and has counted: release, modules, checksum errors. */
import { runOrThrow, readText, type NodeShell } from '../shell.ts';
import { listDirectory } from './cni-dirs.ts';

/** Modules that pod networking uses. */
const MODULES = new Set(['br_netfilter', 'vxlan', 'ipip', 'wireguard', 'ip_vs', 'ip_set', 'ip_tables', 'ip6_tables', 'nf_tables', 'nf_conntrack', 'iptable_nat', 'iptable_filter', 'overlay', 'xt_comment', 'xt_multiport', 'xt_set', 'nft_compat', 'cls_bpf', 'sch_ingress']);

/** Those of the modules that are loaded, or built in with parameters (/sys/module lists no others that are built in). */
export async function readModules(shell: NodeShell): Promise<string[]> {
  return ((await listDirectory(shell, '/sys/module')) ?? []).filter((name) => MODULES.has(name));
}

/** Release of the kernel. */
export async function readRelease(shell: NodeShell): Promise<string> {
  return (await runOrThrow(shell, ['uname', '-r'])).trim();
}

/** A counter of /proc/net/snmp, whose lines come in pairs of names and values; undefined when it has none of that name. */
export function parseSnmp(text: string, protocol: string, counter: string): number | undefined {
  const [names, values] = text.split('\n').filter((line) => line.startsWith(`${protocol}: `)).map((line) => line.split(' '));
  const value = values?.[names?.indexOf(counter) ?? -1];
  return value === undefined ? undefined : Number(value);
}

/** Datagrams that were thrown away for a wrong checksum since boot. */
export async function readUdpChecksumErrors(shell: NodeShell): Promise<number | undefined> {
  return parseSnmp((await readText(shell, '/proc/net/snmp')) ?? '', 'Udp', 'InCsumErrors');
}

/** What is mounted of the file systems that eBPF data planes need (docs.cilium.io, system requirements). */
export function parseMounts(text: string): { bpf: boolean; cgroup2: boolean } {
  const types = text.split('\n').map((line) => line.split(' ')[2]);
  return { bpf: types.includes('bpf'), cgroup2: types.includes('cgroup2') };
}

export async function readMounts(shell: NodeShell): Promise<{ bpf: boolean; cgroup2: boolean } | undefined> {
  const text = await readText(shell, '/proc/mounts');
  return text === undefined ? undefined : parseMounts(text);
}
