/** Addresses of a node's devices, from `ip -j addr show`. */
import { runOrThrow, type NodeShell } from '../shell.ts';
import { parseArray } from './json.ts';

export interface Address {
  device: string;
  family: 'inet' | 'inet6';
  address: string;
  prefixLength: number;
  scope: string;
}

interface RawLink {
  ifname: string;
  addr_info?: { family?: string; local?: string; prefixlen?: number; scope?: string }[];
}

/** Parses the output of `ip -j addr show`. */
export function parseAddresses(text: string): Address[] {
  return parseArray<RawLink>(text, '`ip -j addr show`').flatMap((link) =>
    (link.addr_info ?? []).flatMap((info): Address[] => {
      if ((info.family !== 'inet' && info.family !== 'inet6') || info.local === undefined) return [];
      return [{ device: link.ifname, family: info.family, address: info.local, prefixLength: info.prefixlen ?? 0, scope: info.scope ?? '' }];
    }),
  );
}

/** Reads all addresses of a node's own network namespace. */
export async function readAddresses(shell: NodeShell): Promise<Address[]> {
  return parseAddresses(await runOrThrow(shell, ['ip', '-j', 'addr', 'show']));
}
