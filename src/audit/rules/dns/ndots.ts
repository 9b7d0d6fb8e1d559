/** FL-DNS-007. */
import { pod } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

/** Above this many names each lookup of an outside name becomes more than a handful of queries. */
const MANY = 6;

export const ndots: Rule = {
  id: 'FL-DNS-007',
  title: 'Pods try many names for each lookup',
  severity: 'info',
  faults: ['D1'],
  looksAt: 'dnsConfig of pods: ndots above 5, or more than six search domains beside the three that the cluster adds. The default (ndots 5, three domains) is not told.',
  why: 'Every outside name is first tried with each search domain, A and AAAA, before it is tried as it is: DNS load and latency are multiplied, and each query may hit the 5 s race.',
  fix: [{ what: 'ndots 2, or names with a dot at the end.', command: 'dnsConfig: {options: [{name: ndots, value: "2"}]}' }],
  refs: ['kubernetes.io: DNS for Services and Pods'],
  check(view) {
    if (!view.index.complete('Pod')) return { unknown: 'no pods are in the snapshot' };
    const odd = view.netPods.flatMap((one) => {
      const dots = Number(one.spec?.dnsConfig?.options?.find(({ name }) => name === 'ndots')?.value ?? 5);
      const searches = one.spec?.dnsConfig?.searches?.length ?? 0;
      return dots > 5 || searches > MANY ? [{ one, text: `ndots ${dots}, ${searches} search domains of its own` }] : [];
    });
    return odd.length === 0 ? [] : [{
      subjects: odd.map(({ one }) => subjectOf(one)),
      summary: `${odd.length} pod${odd.length === 1 ? '' : 's'} try many names for each lookup`,
      evidence: odd.slice(0, 3).map(({ one, text }) => view.seen(one, 'spec.dnsConfig', text)),
    }];
  },
  bad: [pod('a', { spec: { dnsConfig: { options: [{ name: 'ndots', value: '15' }] } } })],
  good: [pod('a', { spec: { dnsConfig: { options: [{ name: 'ndots', value: '2' }] } } })],
};
