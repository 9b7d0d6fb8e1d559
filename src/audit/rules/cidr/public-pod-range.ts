/** FL-CIDR-012. */
import { textContains } from '../../../net/range.ts';
import { node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

/** RFC 1918, RFC 6598, RFC 2544, RFC 5737, RFC 4193, RFC 3849. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', 'fc00::/7', '2001:db8::/32'];

export const publicPodRange: Rule = {
  id: 'FL-CIDR-012',
  title: "Pods or Services have addresses of the public Internet",
  severity: 'warning',
  faults: ['C2'],
  looksAt: 'Ranges of pods and Services against the private ranges (RFC 1918, 6598, 4193). 172.168.0.0/16 instead of 172.16.0.0/16 is the usual slip. IPv6 ranges that are routed on purpose are not meant: only unique local ones are compared with their family when a cluster has IPv4 too.',
  why: 'Whoever owns these addresses on the Internet cannot be reached from the cluster: the packets stay inside.',
  fix: [{ what: 'Choose a private range; on a running cluster this takes a new one.' }],
  refs: ['lentil1016/kubeadm-ha#5'],
  check(view) {
    const ranges = [...view.ranges('pod'), ...view.ranges('service')].filter(({ range }) => !range.includes(':'));
    if (ranges.length === 0) return { unknown: 'nothing in the snapshot says what the ranges of pods and Services are' };
    const odd = ranges.filter(({ range }) => !PRIVATE.some((one) => textContains(one, range)));
    return odd.length === 0 ? [] : [{ subjects: ['cluster'], summary: `${[...new Set(odd.map(({ range }) => range))].join(', ')} is not private`, evidence: odd.map((one) => view.rangeSeen(one)) }];
  },
  bad: [node('n1', { args: ['--cluster-cidr', '172.168.0.0/16'] })],
  good: [node('n1', { args: ['--cluster-cidr', '172.16.0.0/16'] })],
};
