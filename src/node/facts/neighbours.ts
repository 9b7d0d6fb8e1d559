/** Neighbour (ARP/ND) entries and forwarding database of a node, from `ip -j neigh show` and `bridge -j fdb show`. */
import { runOrThrow, type NodeShell } from '../shell.ts';
import { parseArray } from './json.ts';

export interface Neighbour {
  address: string;
  device: string;
  mac?: string;
  /** Set by somebody, not learnt. */
  permanent: boolean;
}

export interface FdbEntry {
  mac: string;
  device: string;
  /** Remote end of a tunnel; absent for bridge ports. */
  dst?: string;
  master?: string;
  permanent: boolean;
}

/** Parses the output of `ip -j neigh show`. */
export function parseNeighbours(text: string): Neighbour[] {
  return parseArray<{ dst: string; dev: string; lladdr?: string; state?: string[] }>(text, '`ip -j neigh show`').map((raw) => ({
    address: raw.dst,
    device: raw.dev,
    ...(raw.lladdr === undefined ? {} : { mac: raw.lladdr }),
    permanent: raw.state?.includes('PERMANENT') ?? false,
  }));
}

/** Parses the output of `bridge -j fdb show`. */
export function parseFdb(text: string): FdbEntry[] {
  return parseArray<{ mac: string; ifname: string; dst?: string; master?: string; state?: string }>(text, '`bridge -j fdb show`').map((raw) => ({
    mac: raw.mac,
    device: raw.ifname,
    ...(raw.dst === undefined ? {} : { dst: raw.dst }),
    ...(raw.master === undefined ? {} : { master: raw.master }),
    permanent: raw.state === 'permanent' || raw.state === 'static',
  }));
}

export async function readNeighbours(shell: NodeShell): Promise<Neighbour[]> {
  return parseNeighbours(await runOrThrow(shell, ['ip', '-j', 'neigh', 'show']));
}

export async function readFdb(shell: NodeShell): Promise<FdbEntry[]> {
  return parseFdb(await runOrThrow(shell, ['bridge', '-j', 'fdb', 'show']));
}
