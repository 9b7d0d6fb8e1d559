/** FL-HOST-007. */
import { filterTable, host, node } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

/** Chains of cluster components. */
const OURS = /^(KUBE-|cali-|FLANNEL-|CILIUM_|CNI-|WEAVE)/;
/** The kubelet makes these in the backend that it finds, to tell others which that is. */
const HINT = /^KUBE-(IPTABLES-HINT|KUBELET-CANARY|PROXY-CANARY)$/;

export const iptablesMix: Rule = {
  id: 'FL-HOST-007',
  title: 'Components of the cluster use both backends of iptables on one node',
  severity: 'warning',
  faults: ['H5'],
  looksAt: "Chains of Kubernetes and CNIs in the legacy and in the nft tables of the same host; the kubelet's hint chains do not count.",
  why: 'What one component sets the other does not see: rules pile up (KUBE-FIREWALL without end), a clean-up finds nothing, and packets pass both. Mostly harmless where each set of rules stands on its own; fatal where one counts on the order.',
  fix: [
    { what: "Use the host's default everywhere and remove what is in the other backend (a reboot does).", command: 'update-alternatives --display iptables\nFELIX_IPTABLESBACKEND=Auto   # Calico finds it' },
  ],
  refs: ['k8s#71305', 'k8s#112477', 'node-problem-detector#844'],
  check: (view) => perHost(view, (one) => {
    const chains = (['nft', 'legacy'] as const).map((backend) => [...new Set((one.iptables ?? []).filter((dump) => dump.backend === backend).flatMap(({ tables }) => tables.flatMap((table) => [...table.chains, ...Object.keys(table.counted)])).filter((name) => OURS.test(name) && !HINT.test(name)))]);
    const [nft = [], legacy = []] = chains;
    if (nft.length === 0 || legacy.length === 0) return undefined;
    return {
      summary: `node ${one.node} has ${nft.length} chains of the cluster in nft and ${legacy.length} in legacy tables`,
      evidence: [view.onHost(one, 'iptables-nft-save', nft.slice(0, 6).join(', ')), view.onHost(one, 'iptables-legacy-save', legacy.slice(0, 6).join(', '))],
    };
  }),
  bad: [
    node('n1'),
    host('n1', { iptables: [{ family: 4, backend: 'nft', tables: [filterTable({ chains: ['KUBE-FORWARD'] })] }, { family: 4, backend: 'legacy', tables: [filterTable({ chains: ['cali-FORWARD'] })] }] }),
  ],
  good: [
    node('n1'),
    host('n1', { iptables: [{ family: 4, backend: 'nft', tables: [filterTable({ chains: ['KUBE-FORWARD', 'cali-FORWARD'] })] }, { family: 4, backend: 'legacy', tables: [filterTable({ chains: ['KUBE-IPTABLES-HINT'] })] }] }),
  ],
};
