/** FL-HOST-008. */
import { filterTable, host, node } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const inputDrop: Rule = {
  id: 'FL-HOST-008',
  title: "A host that drops by default undoes what K3s' policies allow",
  severity: 'error',
  faults: ['P9'],
  looksAt: 'The policy of chain INPUT where kube-router\'s chain KUBE-ROUTER-INPUT is called from it.',
  why: "kube-router lets allowed packets RETURN, it does not accept them: the host's own policy DROP then decides, and pods cannot reach the node although a policy allows it.",
  fix: [{ what: 'Accept the ranges of pods and Services before the end of the chain.', command: 'iptables -A INPUT -s 10.42.0.0/16 -j ACCEPT' }],
  refs: ['k3s#3258', 'k3s#7203'],
  check: (view) => perHost(view, (one) => {
    const table = (one.iptables ?? []).filter(({ family }) => family === 4).flatMap(({ tables }) => tables).find(({ name, policies, rules }) => name === 'filter' && policies['INPUT'] === 'DROP' && rules.some((rule) => rule.startsWith('-A INPUT ') && rule.includes('-j KUBE-ROUTER-INPUT')));
    const ranges = view.podRanges();
    if (table === undefined || table.rules.some((rule) => rule.startsWith('-A INPUT ') && rule.endsWith('-j ACCEPT') && ranges.some((range) => rule.includes(`-s ${range}`)))) return undefined;
    return {
      summary: `INPUT of node ${one.node} drops what KUBE-ROUTER-INPUT returns`,
      evidence: [view.onHost(one, 'iptables-save', `:INPUT DROP; ${table.rules.filter((rule) => rule.startsWith('-A INPUT ')).slice(0, 4).join('; ')}`)],
    };
  }),
  bad: [
    node('n1', { args: [] }),
    host('n1', { iptables: [{ family: 4, backend: 'nft', tables: [filterTable({ policies: { INPUT: 'DROP' }, rules: ['-A INPUT -j KUBE-ROUTER-INPUT'] })] }] }),
  ],
  good: [
    node('n1', { args: [] }),
    host('n1', { iptables: [{ family: 4, backend: 'nft', tables: [filterTable({ policies: { INPUT: 'DROP' }, rules: ['-A INPUT -j KUBE-ROUTER-INPUT', '-A INPUT -s 10.42.0.0/16 -j ACCEPT'] })] }] }),
  ],
};
