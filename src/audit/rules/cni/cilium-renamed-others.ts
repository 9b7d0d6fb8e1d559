/** FL-CNI-005. */
import { ciliumAgent, configMap, host, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

export const ciliumRenamedOthers: Rule = {
  id: 'FL-CNI-005',
  title: 'Cilium has put other CNI configurations out of the way',
  severity: 'warning',
  faults: ['N5'],
  looksAt: 'Files *.cilium_bak on hosts. A file of the CNI that was there before is expected; Multus, Istio and other chained ones are not meant to go.',
  why: 'What was chained (Multus, Istio-CNI, portmap) silently takes part in no new pod any more; Istio-CNI fights for the file and never gets ready.',
  fix: [
    { what: 'Let Cilium leave other files alone, and put them back.', command: 'helm upgrade cilium cilium/cilium --reuse-values --set cni.exclusive=false\nmv /etc/cni/net.d/00-multus.conf.cilium_bak /etc/cni/net.d/00-multus.conf' },
  ],
  refs: ['cilium#14910', 'cilium#14192', 'nforgeio/neonKUBE#1880'],
  check(view) {
    const hit = view.hosts.flatMap((one) => { const files = (one.cni?.renamed ?? []).filter((file) => file.endsWith('.cilium_bak')); return files.length === 0 ? [] : [{ one, files }]; });
    if (hit.length === 0) return view.hosts.length === 0 ? { unknown: 'no facts of hosts are in the snapshot' } : [];
    const chained = hit.some(({ files }) => files.some((file) => /multus|istio|linkerd|portmap|chain/i.test(file)));
    return [{
      subjects: hit.map(({ one }) => `Node ${one.node}`),
      severity: chained ? 'warning' : 'info',
      summary: `${[...new Set(hit.flatMap(({ files }) => files))].join(', ')} ${chained ? 'no longer take' : 'no longer takes'} part in new pods`,
      evidence: hit.map(({ one, files }) => view.onHost(one, one.cni?.confDir ?? '', files.join(', '))),
    }];
  },
  bad: [
    node('n1'),
    ciliumAgent(),
    configMap('cilium-config', { 'cni-exclusive': 'true' }),
    host('n1', { cni: { confDir: '/etc/cni/net.d', binDirs: [], byDefault: true, plugins: {}, confs: [], renamed: ['00-multus.conf.cilium_bak'] } }),
  ],
  good: [node('n1'), ciliumAgent(), host('n1', { cni: { confDir: '/etc/cni/net.d', binDirs: [], byDefault: true, plugins: {}, confs: [], renamed: [] } })],
};
