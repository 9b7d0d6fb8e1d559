/** FL-CIDR-003. */
import { textsOverlap } from '../../../net/range.ts';
import { node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

export const podServiceOverlap: Rule = {
  id: 'FL-CIDR-003',
  title: 'Pod range and Service range overlap',
  severity: 'error',
  faults: ['C2'],
  looksAt: 'Every range for pods against every range for Services.',
  why: 'A Service may get the address of a pod, and the other way round: connections end at the wrong place, now and then, and differently on each node.',
  fix: [{ what: 'The ranges must be chosen anew, which takes a new cluster (K3s: --cluster-cidr, --service-cidr; kubeadm: podSubnet, serviceSubnet).' }],
  refs: [],
  check(view) {
    const [pods, services] = [view.ranges('pod'), view.ranges('service')];
    if (pods.length === 0 || services.length === 0) return { unknown: `nothing in the snapshot says what the range of ${pods.length === 0 ? 'pods' : 'Services'} is` };
    const seen = new Set<string>();
    return pods.flatMap((pod) => services.filter((one) => textsOverlap(one.range, pod.range)).flatMap((one) => {
      const key = `${pod.range} ${one.range}`;
      if (seen.has(key)) return [];
      seen.add(key);
      return [{ subjects: ['cluster'], summary: `pods have ${pod.range} and Services have ${one.range}, which overlap`, evidence: [view.rangeSeen(pod), view.rangeSeen(one)] }];
    }));
  },
  bad: [node('n1', { args: ['--cluster-cidr', '10.43.128.0/17'] })],
  good: [node('n1', { args: [] })],
};
