/** Kernel settings that decide about forwarding and filtering of packets, from `sysctl -a`. */
import type { NodeShell } from '../shell.ts';

/** Forwarding, reverse-path filtering and proxy ARP of every device, and whether bridges pass packets to iptables. */
const networkSysctls = String.raw`^net\.(ipv4\.(ip_forward|conf\..*\.(rp_filter|forwarding|proxy_arp|route_localnet))|ipv6\.conf\.(all|default)\.(forwarding|disable_ipv6)|bridge\.bridge-nf-call-ip6?tables)$`;

/** Parses lines `name = value`. */
export function parseSysctls(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const at = line.indexOf(' = ');
    if (at > 0) values[line.slice(0, at)] = line.slice(at + 3).trim();
  }
  return values;
}

/** Reads the settings that match a regular expression. sysctl's status is not looked at: it is 1 as soon as one unreadable entry was passed. */
export async function readSysctls(shell: NodeShell, pattern: string = networkSysctls): Promise<Record<string, string>> {
  return parseSysctls((await shell.run(['sysctl', '-a', '-r', pattern])).stdout);
}
