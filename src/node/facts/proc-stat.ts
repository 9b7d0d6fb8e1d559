/** Counters of /proc/net/stat: one line of hexadecimal numbers per processor below a line of names. */
import { readText, type NodeShell } from '../shell.ts';

/** Sums over all processors by name; undefined for text of another form. */
export function parseProcStat(text: string): Record<string, number> | undefined {
  const [head = '', ...rows] = text.split('\n').filter((line) => line.trim() !== '');
  const names = head.trim().split(/\s+/);
  if (rows.length === 0 || rows.some((row) => !/^[0-9a-f\s]+$/.test(row))) return undefined;
  const numbers = rows.map((row) => row.trim().split(/\s+/).map((one) => Number.parseInt(one, 16)));
  return Object.fromEntries(names.map((name, at) => [name, numbers.reduce((sum, row) => sum + (row[at] ?? 0), 0)]));
}

/** The IPv4 neighbour table of the whole kernel: all network namespaces share it and its limit. Undefined where the kernel does not show it (it does in the first namespace alone). */
export async function readNeighbourTable(shell: NodeShell): Promise<{ entries: number; tableFulls: number } | undefined> {
  const text = await readText(shell, '/proc/net/stat/arp_cache');
  const all = text === undefined ? undefined : parseProcStat(text);
  if (text === undefined || all?.['entries'] === undefined) return undefined;
  // Every processor's line repeats the number of entries.
  const lines = text.trim().split('\n').length - 1;
  return { entries: Math.round(all['entries'] / lines), tableFulls: all['table_fulls'] ?? 0 };
}

/** What connection tracking lost, from the kernel itself: for hosts without conntrack-tools. */
export async function readConntrackCounters(shell: NodeShell): Promise<{ insertFailed: number; drop: number; earlyDrop: number } | undefined> {
  const all = parseProcStat((await readText(shell, '/proc/net/stat/nf_conntrack')) ?? '');
  return all?.['insert_failed'] === undefined ? undefined : { insertFailed: all['insert_failed'], drop: all['drop'] ?? 0, earlyDrop: all['early_drop'] ?? 0 };
}
