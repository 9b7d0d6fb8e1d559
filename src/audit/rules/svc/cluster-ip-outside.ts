/** FL-SVC-006. */
import { textContains } from '../../../net/range.ts';
import type { Range } from '../../../cni/picture/ranges.ts';
import { node, service } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

/**
 * Ranges by which Services are judged. Every ServiceCIDR object is one that addresses are given from, beside that of the
 * settings; but the object `kubernetes` keeps the range of the cluster's first start (Kubernetes 1.33, "Default
 * ServiceCIDR"): where no object has the range of the settings, these were changed afterwards.
 */
function deciding(ranges: readonly Range[]): readonly Range[] {
  const settings = ranges.filter(({ object: said }) => said?.kind !== 'ServiceCIDR');
  const objects = ranges.filter((one) => !settings.includes(one));
  const changed = settings.length > 0 && objects.length > 0 && !settings.some(({ range }) => objects.some((one) => one.range === range));
  return changed ? settings : ranges;
}

export const clusterIpOutside: Rule = {
  id: 'FL-SVC-006',
  title: 'A Service has an address outside the range of Services',
  severity: 'error',
  faults: [],
  looksAt: 'clusterIP of every Service against the Service range that K3s, kubeadm or the API server has, and ServiceCIDR objects.',
  why: 'The range was changed after the Service was made: certificates, DNS (clusterDNS of the kubelets) and policies of the other components still mean the old one, and a future Service may get an address that another still uses.',
  fix: [{ what: 'Delete the Service and make it again, the one of DNS together with the kubelets\' clusterDNS.' }],
  refs: [],
  check(view) {
    const ranges = view.ranges('service');
    const judged = deciding(ranges);
    const families = new Set(judged.map(({ range }) => range.includes(':')));
    if (ranges.length === 0) return { unknown: 'nothing in the snapshot says what the range of Services is' };
    return view.services.flatMap((one) => {
      const ip = one.spec?.clusterIP;
      if (ip === undefined || ip === 'None' || ip === '' || !families.has(ip.includes(':')) || judged.some(({ range }) => textContains(range, ip))) return [];
      return [{
        subjects: [subjectOf(one)],
        summary: `Service ${one.metadata.namespace ?? ''}/${one.metadata.name} has ${ip}, and Services have ${[...new Set(judged.map(({ range }) => range))].join(', ')}`,
        evidence: [view.seen(one, 'spec.clusterIP', ip), ...ranges.map((range) => view.rangeSeen(range))],
      }];
    });
  },
  bad: [node('n1', { args: [] }), service('web', { clusterIP: '10.96.0.77' })],
  good: [node('n1', { args: [] }), service('web', { clusterIP: '10.43.0.77' })],
};
