/** FL-HOST-016. */
import { host, node, workload } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const looseRpfOldCalico: Rule = {
  id: 'FL-HOST-016',
  title: 'Calico before 3.12 stops on loose reverse-path filtering',
  severity: 'error',
  faults: ['H2'],
  looksAt: 'The version of calico-node below 3.12, with net.ipv4.conf.all.rp_filter 2. Newer versions do not mind.',
  why: "Felix crash-loops with `Kernel's RPF check is set to 'loose'. This would allow endpoints to spoof their IP address`.",
  fix: [{ what: 'Update Calico; until then:', command: 'sysctl -w net.ipv4.conf.all.rp_filter=1' }],
  refs: ['felix#1322', 'felix#2082'],
  check(view) {
    const version = view.picture.cnis.find(({ name, how }) => name === 'calico' && how !== 'trace')?.version;
    const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
    if (version === undefined || major > 3 || (major === 3 && minor >= 12)) return { skip: 'Calico does not run here, is 3.12 or newer, or does not say its version' };
    return perHost(view, (one) => (one.sysctls?.['net.ipv4.conf.all.rp_filter'] === '2' ? {
      summary: `Calico ${version} runs, and rp_filter is loose on node ${one.node}`,
      evidence: [view.onHost(one, 'sysctl', 'net.ipv4.conf.all.rp_filter = 2')],
    } : undefined));
  },
  bad: [node('n1'), workload('DaemonSet', 'calico-node', 'calico/node:v3.8.5'), host('n1', { sysctls: { 'net.ipv4.conf.all.rp_filter': '2' } })],
  good: [node('n1'), workload('DaemonSet', 'calico-node', 'calico/node:v3.31.0'), host('n1', { sysctls: { 'net.ipv4.conf.all.rp_filter': '2' } })],
};
