/** FL-HOST-002. */
import { filterTable, flannelDaemonSet, host, node } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

/** Chains whose owners accept what pods send. */
const ACCEPTING = /-j (FLANNEL-FWD|cali-FORWARD|CILIUM_FORWARD|KUBE-ROUTER-FORWARD|KUBE-FORWARD|WEAVE-NPC)\b|-A FORWARD -s [0-9./]+ .*-j ACCEPT/;

export const forwardDrop: Rule = {
  id: 'FL-HOST-002',
  title: 'A node drops what it forwards, and nobody lets pods through',
  severity: 'error',
  faults: ['H8'],
  looksAt: 'The policy of chain FORWARD in both backends, and whether a chain of a CNI that accepts pods is called from it.',
  why: "Docker, ufw and hardening scripts set the policy to DROP. Unless the CNI has rules of its own that accept pods' packets, traffic between nodes times out.",
  fix: [{ what: 'Let pods through, or set the policy back.', command: 'iptables -P FORWARD ACCEPT' }],
  refs: [],
  check: (view) => perHost(view, (one) => {
    const tables = (one.iptables ?? []).filter(({ family }) => family === 4).flatMap(({ backend, tables: all }) => all.filter(({ name }) => name === 'filter').map((table) => ({ backend, table })));
    const dropping = tables.filter(({ table }) => table.policies['FORWARD'] === 'DROP');
    const accepted = tables.some(({ table }) => table.rules.some((rule) => rule.startsWith('-A FORWARD ') && ACCEPTING.test(rule) && !/-j KUBE-FORWARD/.test(rule)));
    if (dropping.length === 0 || accepted) return undefined;
    return {
      summary: `chain FORWARD of node ${one.node} drops, and no CNI's chain is called from it`,
      evidence: dropping.map(({ backend, table }) => view.onHost(one, `iptables-${backend}-save`, `FORWARD policy DROP; calls ${table.rules.filter((rule) => rule.startsWith('-A FORWARD ')).map((rule) => / -j (\S+)/.exec(rule)?.[1] ?? '').filter((name) => name !== '').join(', ') || 'nothing'}`)),
    };
  }),
  bad: [
    node('n1'),
    flannelDaemonSet(),
    host('n1', { iptables: [{ family: 4, backend: 'nft', tables: [filterTable({ policies: { FORWARD: 'DROP' }, rules: ['-A FORWARD -j DOCKER-USER'] })] }] }),
  ],
  good: [
    node('n1'),
    flannelDaemonSet(),
    host('n1', { iptables: [{ family: 4, backend: 'nft', tables: [filterTable({ policies: { FORWARD: 'DROP' }, rules: ['-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD'] })] }] }),
  ],
};
