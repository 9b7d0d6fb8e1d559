/** Checksum offloads of a device, from `ethtool -k`. */
import { runOrThrow, type NodeShell } from '../shell.ts';

/** Those that break tunnels on some kernels and network cards. */
const WANTED = /^(tx-checksumming|tx-checksum-ip-generic|tx-checksum-ipv4|tx-udp_tnl-segmentation|tx-udp_tnl-csum-segmentation|rx-checksumming)$/;

/** Parses lines `name: on|off [fixed]`. */
export function parseOffloads(text: string): Record<string, boolean> {
  return Object.fromEntries(text.split('\n').flatMap((line) => {
    const match = /^\s*([\w-]+): (on|off)\b/.exec(line);
    return match?.[1] !== undefined && WANTED.test(match[1]) ? [[match[1], match[2] === 'on'] as const] : [];
  }));
}

export async function readOffloads(shell: NodeShell, device: string): Promise<Record<string, boolean>> {
  return parseOffloads(await runOrThrow(shell, ['ethtool', '-k', device]));
}
