/** Queues and classifiers on network devices, from `tc -j qdisc show` and `tc -j filter show`: where eBPF data planes hook in, and what delays or limits packets. */
import { runOrThrow, type NodeShell } from '../shell.ts';
import { parseArray } from './json.ts';

export interface Qdisc {
  device: string;
  /** `clsact`, `ingress`, `tbf`, `netem`, … */
  kind: string;
}

export interface TrafficFilter {
  device: string;
  direction: 'ingress' | 'egress';
  /** `bpf`, `u32`, `flower`, … */
  kind: string;
  protocol: string;
  pref: number;
  /** Of a BPF filter, as its loader named it: `bpf_netdev_eth0.o:[from-netdev]`, `cil_from_netdev-eth0`. */
  name?: string;
  /** Of the BPF program in the kernel, at most 15 characters. */
  program?: string;
  id?: number;
}

/** What the kernel puts on devices by itself (net.core.default_qdisc). */
const USUAL = new Set(['noqueue', 'noop', 'mq', 'pfifo', 'pfifo_fast', 'fq_codel', 'fq', 'pfifo_head_drop']);
/** Devices whose filters are read; Cilium has some on each pod's device. */
const MAX_DEVICES = 512;

/** Parses the output of `tc -j qdisc show`, without the kernel's own. */
export function parseQdiscs(text: string): Qdisc[] {
  return parseArray<{ kind: string; dev?: string }>(text, '`tc -j qdisc show`').flatMap(({ kind, dev }) => (dev === undefined || USUAL.has(kind) ? [] : [{ device: dev, kind }]));
}

interface RawFilter {
  protocol?: string;
  pref?: number;
  kind?: string;
  /** Absent in the line that only opens a preference. */
  options?: { bpf_name?: string; prog?: { id?: number; name?: string } };
}

/** Parses the output of `tc -j filter show dev DEVICE DIRECTION`. */
export function parseFilters(text: string, device: string, direction: TrafficFilter['direction']): TrafficFilter[] {
  return parseArray<RawFilter>(text, '`tc -j filter show`').flatMap(({ protocol = 'all', pref = 0, kind = '', options }) => {
    if (options === undefined) return [];
    const { bpf_name: name, prog } = options;
    return [{ device, direction, kind, protocol, pref, ...(name === undefined ? {} : { name }), ...(prog?.name === undefined ? {} : { program: prog.name }), ...(prog?.id === undefined ? {} : { id: prog.id }) }];
  });
}

/** Constant; the devices are its arguments. One that went away leaves an empty part. */
const SCRIPT = 'for d in "$@"; do for w in ingress egress; do printf "\\n@@\\n"; tc -j filter show dev "$d" "$w" 2>/dev/null; done; done; true';

/** Reads both in two commands. Errors: EnvironmentError when the node has no tc, or one that prints no JSON (before iproute2 4.19). */
export async function readTrafficControl(shell: NodeShell): Promise<{ qdiscs: Qdisc[]; filters: TrafficFilter[] }> {
  const qdiscs = parseQdiscs(await runOrThrow(shell, ['tc', '-j', 'qdisc', 'show']));
  const devices = [...new Set(qdiscs.filter(({ kind }) => kind === 'clsact' || kind === 'ingress').map(({ device }) => device))].slice(0, MAX_DEVICES);
  if (devices.length === 0) return { qdiscs, filters: [] };
  const parts = (await runOrThrow(shell, ['sh', '-c', SCRIPT, 'sh', ...devices], { timeoutMs: 60_000 })).split(/\n@@\n/).slice(1);
  return { qdiscs, filters: devices.flatMap((device, at) => [...parseFilters(parts[2 * at] ?? '', device, 'ingress'), ...parseFilters(parts[2 * at + 1] ?? '', device, 'egress')]) };
}
