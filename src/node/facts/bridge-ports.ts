/** Hairpin mode of bridge ports, from `bridge -d -j link show`. */
import { runOrThrow, type NodeShell } from '../shell.ts';
import { parseArray } from './json.ts';

/** Port → whether frames may go back through the port that they came from. */
export function parseHairpin(text: string): Record<string, boolean> {
  const ports = parseArray<{ ifname: string; master?: string; hairpin?: boolean }>(text, '`bridge -d -j link show`');
  return Object.fromEntries(ports.flatMap(({ ifname, hairpin }) => (hairpin === undefined ? [] : [[ifname, hairpin] as const])));
}

export async function readHairpin(shell: NodeShell): Promise<Record<string, boolean>> {
  return parseHairpin(await runOrThrow(shell, ['bridge', '-d', '-j', 'link', 'show']));
}
