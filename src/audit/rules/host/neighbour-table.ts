/** FL-HOST-010. */
import { host, node } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const neighbourTable: Rule = {
  id: 'FL-HOST-010',
  title: "A node's neighbour table is almost full",
  severity: 'error',
  faults: ['A6'],
  looksAt: 'Entries of the host\'s own namespace against net.ipv4.neigh.default.gc_thresh3. The table is shared by all namespaces of the node, so pods add to it: an error from 90 %, a warning from 60 %.',
  why: '`neighbour: arp_cache: neighbor table overflow!` in the kernel log; connections fail at random with `No buffer space available` or `no route to host`.',
  fix: [
    { what: 'Raise the thresholds on all nodes.', command: "printf 'net.ipv4.neigh.default.gc_thresh1 = 4096\\nnet.ipv4.neigh.default.gc_thresh2 = 8192\\nnet.ipv4.neigh.default.gc_thresh3 = 16384\\n' > /etc/sysctl.d/99-neigh.conf && sysctl --system" },
  ],
  refs: ['kops#4533', 'e2b-dev/infra#3508'],
  check: (view) => perHost(view, (one) => {
    const limit = Number(one.sysctls?.['net.ipv4.neigh.default.gc_thresh3'] ?? 0);
    const share = limit === 0 ? 0 : (one.neighbourCount ?? 0) / limit;
    return share < 0.6 ? undefined : {
      severity: share >= 0.9 ? 'error' : 'warning',
      summary: `node ${one.node} has ${one.neighbourCount ?? 0} neighbours of at most ${limit}, its pods' not counted`,
      evidence: [
        view.onHost(one, 'ip neigh', `${one.neighbourCount ?? 0} entries`),
        view.onHost(one, 'sysctl', `net.ipv4.neigh.default.gc_thresh3 = ${limit}`),
      ],
    };
  }),
  bad: [node('n1'), host('n1', { neighbourCount: 1_000, sysctls: { 'net.ipv4.neigh.default.gc_thresh3': '1024' } })],
  good: [node('n1'), host('n1', { neighbourCount: 40, sysctls: { 'net.ipv4.neigh.default.gc_thresh3': '1024' } })],
};
