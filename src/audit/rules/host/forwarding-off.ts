/** FL-HOST-001. */
import { host, node } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const forwardingOff: Rule = {
  id: 'FL-HOST-001',
  title: 'A node does not forward packets',
  severity: 'error',
  faults: ['H7'],
  looksAt: 'net.ipv4.ip_forward of every host.',
  why: 'Pods reach others on their own node at most; everything else times out. Hardening scripts and a late `sysctl --system` set it to 0 after the node service had set it to 1.',
  fix: [{ what: 'Turn it on and keep it on.', command: "echo 'net.ipv4.ip_forward = 1' > /etc/sysctl.d/99-kubernetes.conf && sysctl --system" }],
  refs: ['kubernetes.io: container runtimes, prerequisites'],
  check: (view) => perHost(view, (one) => (one.sysctls?.['net.ipv4.ip_forward'] === '0' ? {
    summary: `net.ipv4.ip_forward is 0 on node ${one.node}`,
    evidence: [view.onHost(one, 'sysctl', 'net.ipv4.ip_forward = 0')],
  } : undefined)),
  bad: [node('n1'), host('n1', { sysctls: { 'net.ipv4.ip_forward': '0' } })],
  good: [node('n1'), host('n1', { sysctls: { 'net.ipv4.ip_forward': '1' } })],
};
