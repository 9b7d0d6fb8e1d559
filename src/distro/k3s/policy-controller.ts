/** K3s' own NetworkPolicy controller, an embedded kube-router. Switching it off leaves its last rules in the kernel (k3s#7244). */
import { readIptables, removeFromIptables, type IptablesSelection } from '../../node/facts/iptables.ts';
import { readIptablesPart, restoreIptablesPart } from '../../node/facts/iptables-part.ts';
import { readIpsets, removeIpsets, restoreIpsets } from '../../node/facts/ipsets.ts';
import type { PolicyController } from '../policy-controller.ts';
import { dropInChange } from './drop-in.ts';
import { readSettings } from './settings.ts';

/** kube-router's chains (pkg/controllers/netpol). */
const chainName = /^KUBE-(ROUTER-|POD-FW-|NWPLCY-)/;
/** Its address sets; IPv6 ones have the prefix `inet6:`. */
const setName = /^(inet6:)?(KUBE-(SRC|DST|IP)-|kube-router-)/;
const selection: IptablesSelection = { chain: (name) => chainName.test(name) };

export const policyController: PolicyController = {
  name: "K3s' own policy controller (kube-router)",
  isOn: async (shell, server) => (await readSettings(shell, server.service))['disable-network-policy']?.value !== 'true',
  offChange: (shell, server) => dropInChange(shell, server, { file: '91-fairlead-policy.yaml', setting: 'disable-network-policy', value: 'true', why: "another CNI enforces NetworkPolicies instead of K3s' own controller." }),
  async describeRules(shell) {
    const chains = (await readIptables(shell)).flatMap(({ family, backend, tables }) =>
      tables.flatMap((table) => Object.keys(table.chains).filter((name) => chainName.test(name)).map((name) => `chain ${name} in table ${table.name} (IPv${family}, ${backend})`)),
    );
    const sets = (await readIpsets(shell)).filter((set) => setName.test(set.name)).map((set) => `address set ${set.name}`);
    return [...chains, ...sets];
  },
  async readRules(shell) {
    return { packetFilter: await readIptablesPart(shell, selection), sets: (await readIpsets(shell)).filter((set) => setName.test(set.name)) };
  },
  async removeRules(shell) {
    await removeFromIptables(shell, selection);
    await removeIpsets(shell, (name) => setName.test(name));
  },
  async restoreRules(shell, { packetFilter, sets }) {
    // Rules refer to sets, so those come first.
    await restoreIpsets(shell, sets);
    await restoreIptablesPart(shell, selection, packetFilter);
  },
};
