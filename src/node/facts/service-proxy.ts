/** Whether a node's service proxy has heard of an endpoint: read from what it has told the kernel. */
import type { NodeShell } from '../shell.ts';
import { runOrThrow } from '../shell.ts';

/** What kube-proxy writes in each of its modes: iptables (either backend), nftables, IPVS. */
const SCRIPT = 'iptables-nft-save -t nat 2>/dev/null; iptables-legacy-save -t nat 2>/dev/null; nft list table ip kube-proxy 2>/dev/null; cat /proc/net/ip_vs 2>/dev/null; true';

/** Any rule of kube-proxy's, in any mode. */
const ANY = /KUBE-SERVICES|table ip kube-proxy|IP Virtual Server/;

/** As /proc/net/ip_vs writes addresses. */
function inHex(address: string): string {
  return address.split('.').map((part) => Number(part).toString(16).padStart(2, '0')).join('').toUpperCase();
}

/** `knows`: it sends requests to this IPv4 address; `behind`: not (yet); `absent`: there is nothing of kube-proxy's on the node. Pure. */
export function judgeProxy(rules: string, address: string): 'knows' | 'behind' | 'absent' {
  const written = new RegExp(`(?<![\\d.])${address.replaceAll('.', '\\.')}(?![\\d.])|\\b${inHex(address)}:`);
  return written.test(rules) ? 'knows' : ANY.test(rules) ? 'behind' : 'absent';
}

/** Asks a node. Errors: EnvironmentError when it cannot be reached. */
export async function proxyKnows(shell: NodeShell, address: string): Promise<'knows' | 'behind' | 'absent'> {
  return judgeProxy(await runOrThrow(shell, ['sh', '-c', SCRIPT]), address);
}
