/** Rules of K3s' own NetworkPolicy controller (an embedded kube-router): switching it off leaves its last rules in the kernel (k3s#7244). */
import { readIptables, removeFromIptables } from '../../node/facts/iptables.ts';
import { readIpsets, removeIpsets } from '../../node/facts/ipsets.ts';
import type { NodeShell } from '../../node/shell.ts';

/** kube-router's chains (pkg/controllers/netpol). */
const chainName = /^KUBE-(ROUTER-|POD-FW-|NWPLCY-)/;
/** Its address sets; IPv6 ones have the prefix `inet6:`. */
const setName = /^(inet6:)?(KUBE-(SRC|DST|IP)-|kube-router-)/;

/** What of it is on a host, in words; empty when nothing is. */
export async function policyRules(shell: NodeShell): Promise<string[]> {
  const chains = (await readIptables(shell)).flatMap(({ family, backend, tables }) =>
    tables.flatMap((table) => Object.keys(table.chains).filter((name) => chainName.test(name)).map((name) => `chain ${name} in table ${table.name} (IPv${family}, ${backend})`)),
  );
  const sets = (await readIpsets(shell)).filter((set) => setName.test(set.name)).map((set) => `address set ${set.name}`);
  return [...chains, ...sets];
}

/** Removes it. To be called only when `disable-network-policy` is in effect and another engine enforces policies: before that there would be a gap, and K3s would put the rules back. */
export async function removePolicyRules(shell: NodeShell): Promise<void> {
  await removeFromIptables(shell, { chain: (name) => chainName.test(name) });
  await removeIpsets(shell, (name) => setName.test(name));
}
