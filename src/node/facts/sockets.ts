/** Listening sockets with the names of their owners, from `ss -H -l -n -t -u -p`. */
import { runOrThrow, type NodeShell } from '../shell.ts';

export interface ListeningSocket {
  protocol: 'tcp' | 'udp';
  /** `*` for all addresses of both families, `0.0.0.0` for all of IPv4, `::` for all of IPv6 alone. */
  address: string;
  port: number;
  /** Name of the owning process; absent when it may not be seen. */
  process?: string;
}

/** Parses lines `netid state recv-q send-q local:port peer:port [users:((…))]`. Arguments of the owners are not in them. */
export function parseSockets(text: string): ListeningSocket[] {
  return text.split('\n').flatMap((line): ListeningSocket[] => {
    const [protocol, , , , local = '', , ...users] = line.trim().split(/\s+/);
    const at = local.lastIndexOf(':');
    const port = Number(local.slice(at + 1));
    if ((protocol !== 'tcp' && protocol !== 'udp') || at < 0 || !Number.isInteger(port)) return [];
    // A device may be part of the address: 127.0.0.53%lo.
    const address = local.slice(0, at).replace(/%.*$/, '').replace(/^\[|\]$/g, '');
    // Names may have blanks and quotes in them.
    const process = /\(\("(.*?)",pid=\d+,/.exec(users.join(' '))?.[1];
    return [{ protocol, address, port, ...(process === undefined ? {} : { process }) }];
  });
}

export const LISTENING = ['ss', '-H', '-l', '-n', '-t', '-u', '-p'] as const;

/** Reads the listening sockets of a node's own network namespace. */
export async function readSockets(shell: NodeShell): Promise<ListeningSocket[]> {
  return parseSockets(await runOrThrow(shell, LISTENING));
}
