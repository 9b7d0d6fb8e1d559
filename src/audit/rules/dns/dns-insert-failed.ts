/** FL-DNS-006. */
import { host, node } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

/** Per boot; a busy node has some without anybody noticing. */
const MANY = 1_000;

export const dnsInsertFailed: Rule = {
  id: 'FL-DNS-006',
  title: 'Parallel lookups lose packets in connection tracking',
  severity: 'warning',
  faults: ['D1'],
  looksAt: `The counter insert_failed of connection tracking (more than ${MANY} since boot) where no node-local DNS cache runs.`,
  why: 'Two lookups (A and AAAA) from one socket race for the same entry, and one is dropped: names take 5 or 10 s now and then.',
  fix: [
    { what: 'A DNS cache on each node, or `single-request-reopen` in the pods\' resolv.conf.', command: "dnsConfig: {options: [{name: single-request-reopen}]}   # in the pod's spec; glibc only" },
  ],
  refs: ['k8s#56903', 'weave#3287', 'k8s#62628'],
  check: (view) => perHost(view, (one) => {
    const failed = one.conntrack?.insertFailed ?? 0;
    if (failed < MANY || view.picture.dns.nodeLocal) return undefined;
    return {
      summary: `node ${one.node} counted ${failed} failed insertions into its connection table`,
      evidence: [
        view.onHost(one, 'conntrack -S', `insert_failed ${failed}`),
        view.derived('cause', 'DNS is the usual cause, not the only one; a capture shows it', 'inferred'),
      ],
    };
  }),
  bad: [node('n1'), host('n1', { conntrack: { count: 10, max: 131_072, insertFailed: 40_000 } })],
  good: [node('n1'), host('n1', { conntrack: { count: 10, max: 131_072, insertFailed: 3 } })],
};
