/** Counters of the packet filter: which rules that drop or reject counted something. */
import { findPrograms } from '../../node/facts/programs.ts';
import { targetOf } from '../../node/facts/iptables.ts';
import type { NodeShell } from '../../node/shell.ts';

/** Packets by rule, for rules that drop or reject. Rules that stand in a chain twice are summed up. */
export type Counters = ReadonlyMap<string, number>;

/** Parses the output of `iptables-save -c`. */
export function parseCounters(text: string): Map<string, number> {
  const counters = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, packets, rule] = /^\[(\d+):\d+\] (-A .*)$/.exec(line) ?? [];
    if (rule === undefined || !['DROP', 'REJECT'].includes(targetOf(rule) ?? '')) continue;
    counters.set(rule.trim(), (counters.get(rule.trim()) ?? 0) + Number(packets));
  }
  return counters;
}

/** Rules that counted at least the packets that were sent (`sent`) between two readings, and none between two earlier ones, in which nothing was sent. */
export function risen(idle: readonly [Counters, Counters], probe: readonly [Counters, Counters], sent = 1): { rule: string; by: number }[] {
  const grown = ([before, after]: readonly [Counters, Counters], rule: string): number => (after.get(rule) ?? 0) - (before.get(rule) ?? 0);
  return [...probe[1].keys()].filter((rule) => grown(probe, rule) >= sent && grown(idle, rule) <= 0).map((rule) => ({ rule, by: grown(probe, rule) })).toSorted((a, b) => b.by - a.by);
}

const PROGRAMS = ['iptables-nft-save', 'iptables-legacy-save', 'iptables-save'] as const;

/** Reads the counters of a host; undefined where it has no program for it. Errors: EnvironmentError when it cannot be reached. */
export async function readCounters(shell: NodeShell): Promise<Counters | undefined> {
  const found = await findPrograms(shell, [...PROGRAMS]);
  const own = PROGRAMS.flatMap((name) => found.get(name) ?? []);
  // The plain name is one of the two others where these are there.
  const programs = own.length > 1 ? own.filter((path) => !path.endsWith('/iptables-save')) : own;
  if (programs.length === 0) return undefined;
  const counters = new Map<string, number>();
  for (const program of programs) {
    const { code, stdout } = await shell.run([program, '-c']);
    if (code === 0) for (const [rule, packets] of parseCounters(stdout)) counters.set(rule, (counters.get(rule) ?? 0) + packets);
  }
  return counters;
}
