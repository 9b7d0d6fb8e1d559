/** Reads what a node's kernel was told about Services, in every mode of kube-proxy. */
import type { NodeShell } from '../../node/shell.ts';
import { EnvironmentError } from '../../core/errors.ts';

/** A node with thousands of Services has tens of thousands of rules. */
const TIMEOUT_MS = 60_000;

/** Constant. Programs that a node does not have print nothing; the plain one is one of the two others where these are there. */
const SCRIPT = `PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; said=
for p in iptables-nft-save iptables-legacy-save; do command -v "$p" >/dev/null && said=1 && "$p" -t nat 2>/dev/null; done
[ -n "$said" ] || { command -v iptables-save >/dev/null && said=1 && iptables-save -t nat 2>/dev/null; }
command -v nft >/dev/null && said=1 && nft list table ip kube-proxy 2>/dev/null
[ -r /proc/net/ip_vs ] && cat /proc/net/ip_vs
[ -n "$said" ] || exit 3
exit 0`;

/** The rules as text. Errors: EnvironmentError when the node cannot be reached, or has no program that shows them. */
export async function readServiceRules(shell: NodeShell): Promise<string> {
  const { code, stdout, stderr } = await shell.run(['sh', '-c', SCRIPT], { timeoutMs: TIMEOUT_MS });
  if (code !== 0) throw new EnvironmentError(`node ${shell.node}: its nat rules cannot be read: ${code === 3 ? 'neither iptables nor nft is there' : stderr.trim().slice(0, 200)}`);
  return stdout;
}
