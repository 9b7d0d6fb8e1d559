/** FL-HOST-009. */
import { host, node } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const conntrackFull: Rule = {
  id: 'FL-HOST-009',
  title: "A node's connection table is full, or was",
  severity: 'error',
  faults: ['D4'],
  looksAt: 'nf_conntrack_count against nf_conntrack_max (an error from 90 %, a warning from 75 %), and the counters drop and early_drop.',
  why: 'New connections are dropped: `nf_conntrack: table full, dropping packet` in the kernel log, probes that flap, DNS that times out now and then.',
  fix: [
    { what: 'Raise the limit (kube-proxy: conntrack.maxPerCore and min; K3s: --kube-proxy-arg), and look for who opens so many.', command: 'conntrack -L 2>/dev/null | awk \'{print $5}\' | sort | uniq -c | sort -rn | head' },
  ],
  refs: ['k8s#18604', 'k8s#71261', 'kops#2223'],
  check: (view) => perHost(view, (one) => {
    const table = one.conntrack;
    if (table === undefined || table.max === 0) return undefined;
    const share = table.count / table.max;
    const dropped = (table.drop ?? 0) + (table.earlyDrop ?? 0);
    if (share < 0.75 && dropped < 100) return undefined;
    return {
      severity: share >= 0.9 ? 'error' : 'warning',
      summary: share >= 0.75 ? `node ${one.node} has ${table.count} of ${table.max} connections (${Math.round(share * 100)} %)` : `node ${one.node} dropped ${dropped} connections for a full table since boot`,
      evidence: [
        view.onHost(one, 'conntrack', `count ${table.count}, max ${table.max}, drop ${table.drop ?? 'not read'}, early_drop ${table.earlyDrop ?? 'not read'}`),
      ],
    };
  }),
  bad: [node('n1'), host('n1', { conntrack: { count: 130_000, max: 131_072, drop: 0, earlyDrop: 0 } })],
  good: [node('n1'), host('n1', { conntrack: { count: 4_000, max: 131_072, drop: 0, earlyDrop: 0 } })],
};
