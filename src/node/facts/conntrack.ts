/** How full connection tracking is, from sysctls, and what it lost, from `conntrack -S` or the kernel's own counters. */
import type { NodeShell } from '../shell.ts';
import { readConntrackCounters } from './proc-stat.ts';
import { readSysctls } from './sysctls.ts';

export interface Conntrack {
  count: number;
  max: number;
  /** Sums over all processors; absent where neither the program conntrack nor /proc/net/stat tells. */
  insertFailed?: number;
  drop?: number;
  earlyDrop?: number;
}

/** Sums of the counters of `conntrack -S`: one line per processor, `name=value` with blanks between. */
export function parseConntrackStats(text: string): { insertFailed: number; drop: number; earlyDrop: number } {
  const sum = (name: string): number => [...text.matchAll(new RegExp(`\\b${name}=(\\d+)`, 'g'))].reduce((total, match) => total + Number(match[1]), 0);
  return { insertFailed: sum('insert_failed'), drop: sum('drop'), earlyDrop: sum('early_drop') };
}

/** Reads them; undefined where the kernel does not track connections (in this namespace). */
export async function readConntrack(shell: NodeShell): Promise<Conntrack | undefined> {
  const values = await readSysctls(shell, String.raw`^net\.netfilter\.nf_conntrack_(count|max)$`);
  const [count, max] = [Number(values['net.netfilter.nf_conntrack_count']), Number(values['net.netfilter.nf_conntrack_max'])];
  if (!Number.isInteger(count) || !Number.isInteger(max)) return undefined;
  const stats = await shell.run(['sh', '-c', 'command -v conntrack >/dev/null && conntrack -S']);
  return { count, max, ...(stats.code === 0 && stats.stdout.includes('insert_failed=') ? parseConntrackStats(stats.stdout) : ((await readConntrackCounters(shell)) ?? {})) };
}
