/** FL-HOST-004. */
import { flannelDaemonSet, host, link, node } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const bridgeNetfilterOff: Rule = {
  id: 'FL-HOST-004',
  title: 'Bridged packets pass by the packet filter',
  severity: 'error',
  faults: ['H6'],
  looksAt: 'Hosts with a bridge for pods (cni0): net.bridge.bridge-nf-call-iptables must be 1, which takes the module br_netfilter.',
  why: 'A pod that calls a Service whose endpoint is on its own node gets the answer from the wrong address: the connection hangs, and works when the endpoint is elsewhere.',
  fix: [
    { what: 'Load the module at boot and set it.', command: "echo br_netfilter > /etc/modules-load.d/kubernetes.conf && modprobe br_netfilter\necho 'net.bridge.bridge-nf-call-iptables = 1' > /etc/sysctl.d/99-kubernetes.conf && sysctl --system" },
  ],
  refs: ['k8s#20475'],
  check: (view) => perHost(view, (one) => {
    if (one.links?.some(({ kind, name }) => kind === 'bridge' && /^(cni0|cbr0|kube-bridge)$/.test(name)) !== true || one.sysctls === undefined) return undefined;
    const value = one.sysctls['net.bridge.bridge-nf-call-iptables'];
    if (value === '1') return undefined;
    return {
      summary: value === undefined ? `br_netfilter is not loaded on node ${one.node}, which bridges its pods` : `net.bridge.bridge-nf-call-iptables is ${value} on node ${one.node}, which bridges its pods`,
      evidence: [
        view.onHost(one, 'sysctl', `net.bridge.bridge-nf-call-iptables ${value === undefined ? 'is not there' : `= ${value}`}`),
        view.onHost(one, 'ip link', 'cni0 is a bridge'),
      ],
    };
  }),
  bad: [node('n1'), flannelDaemonSet(), host('n1', { links: [link('cni0', { kind: 'bridge' })], sysctls: { 'net.bridge.bridge-nf-call-iptables': '0' } })],
  good: [node('n1'), flannelDaemonSet(), host('n1', { links: [link('cni0', { kind: 'bridge' })], sysctls: { 'net.bridge.bridge-nf-call-iptables': '1' } })],
};
