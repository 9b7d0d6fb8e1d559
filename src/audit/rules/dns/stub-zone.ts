/** FL-DNS-005. */
import type { ConfigMap } from '../../../cluster/snapshot/typed.ts';
import { textContains } from '../../../net/range.ts';
import { configMap, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

export const stubZone: Rule = {
  id: 'FL-DNS-005',
  title: 'A zone is forwarded to an address inside the range of pods',
  severity: 'warning',
  faults: [],
  looksAt: "`forward` lines of Corefiles, those of coredns-custom too: targets in the range of pods change with every restart, and targets in a range that pods cannot reach get no answer.",
  why: 'After the target is recreated, names of that zone time out until somebody edits the Corefile; the cache hides it for a while.',
  fix: [{ what: "Forward to a Service's address." }],
  refs: ['coredns.io/plugins/forward'],
  check(view) {
    const maps = view.index.objects<ConfigMap>('ConfigMap').filter(({ metadata, data }) => /coredns|node-local-dns/.test(metadata.name) && Object.keys(data ?? {}).length > 0);
    if (maps.length === 0) return { unknown: "CoreDNS' Corefile is not in the snapshot" };
    const ranges = [...view.ranges('pod'), ...view.ranges('node-pod')];
    return maps.flatMap((map) => Object.entries(map.data ?? {}).flatMap(([key, text]) => [...text.matchAll(/^\s*forward\s+(\S+)\s+([^{\n]+)/gm)].flatMap((match) => {
      const odd = (match[2] ?? '').trim().split(/\s+/).map((target) => target.replace(/^(dns|tls):\/\//, '').replace(/:\d+$/, '')).flatMap((ip) => { const range = ranges.find((one) => textContains(one.range, ip)); return range === undefined ? [] : [{ ip, range }]; });
      const [first] = odd;
      return first === undefined ? [] : [{
        subjects: [`ConfigMap ${map.metadata.namespace ?? ''}/${map.metadata.name}`],
        summary: `zone ${match[1] ?? ''} is forwarded to ${first.ip}, the address of a pod`,
        evidence: [view.seen(map, `data.${key}`, match[0].trim()), view.rangeSeen(first.range)],
      }];
    })));
  },
  bad: [node('n1', { args: [] }), configMap('coredns-custom', { 'corp.server': 'corp.example:53 {\n    forward . 10.42.3.17\n}\n' })],
  good: [node('n1', { args: [] }), configMap('coredns-custom', { 'corp.server': 'corp.example:53 {\n    forward . 192.168.10.53\n}\n' })],
};
