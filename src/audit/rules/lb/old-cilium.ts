/** FL-LB-011. */
import { addressPool, configMap, workload } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

export const oldCilium: Rule = {
  id: 'FL-LB-011',
  title: "An old Cilium that replaces kube-proxy does not serve MetalLB's addresses",
  severity: 'warning',
  faults: ['B9'],
  looksAt: 'Cilium below 1.8 with kube-proxy-replacement, beside MetalLB. It was still broken in 1.7.0-rc1; the release that mended it is not known to us.',
  why: 'Load balancer addresses answer nowhere, while NodePorts work.',
  fix: [{ what: 'Update Cilium.' }],
  refs: ['cilium#9116'],
  check(view) {
    const version = view.picture.cnis.find(({ name, how }) => name === 'cilium' && how !== 'trace')?.version;
    const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
    if (version === undefined || major > 1 || minor >= 8 || !view.picture.loadBalancers.some(({ name }) => name === 'metallb')) return { skip: 'no Cilium below 1.8 beside MetalLB is here' };
    return view.picture.serviceProxy?.value === 'cilium' ? [{
      subjects: ['cluster'],
      summary: `Cilium ${version} replaces kube-proxy, beside MetalLB`,
      evidence: [view.derived('Cilium', `version ${version}`, 'observed'), view.derived('Services', view.picture.serviceProxy.evidence, 'observed')],
    }] : [];
  },
  bad: [
    workload('DaemonSet', 'cilium', 'quay.io/cilium/cilium:v1.7.0'),
    configMap('cilium-config', { 'kube-proxy-replacement': 'strict' }),
    addressPool('lan', ['192.168.10.200/29']),
  ],
  good: [
    workload('DaemonSet', 'cilium', 'quay.io/cilium/cilium:v1.18.1'),
    configMap('cilium-config', { 'kube-proxy-replacement': 'true' }),
    addressPool('lan', ['192.168.10.200/29']),
  ],
};
