/** FL-ARP-001. */
import { calicoPorts } from '../../devices.ts';
import { host, link, node } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const proxyArp: Rule = {
  id: 'FL-ARP-001',
  title: "A node does not answer for its pods' gateway",
  severity: 'error',
  faults: ['A1'],
  looksAt: "proxy_arp and forwarding of every device cali… on hosts: Calico's pods have the gateway 169.254.1.1, for which the kernel answers only where both are 1.",
  why: 'The pod gets no answer to `who-has 169.254.1.1`: everything out of it fails with `no route to host` after 3 s, until Felix sets it again. systemd-sysctl, udev, tuned or cloud-init reset it after the device was made.',
  fix: [{ what: 'Exempt cali* from whatever resets it, and set it now.', command: 'for i in /proc/sys/net/ipv4/conf/cali*; do echo 1 > $i/proxy_arp; echo 1 > $i/forwarding; done' }],
  refs: ['calico#8689', 'calico#4186', 'kernel: net/ipv4/arp.c arp_process()'],
  check: (view) => perHost(view, (one) => {
    const off = calicoPorts(one).filter((name) => one.sysctls?.[`net.ipv4.conf.${name}.proxy_arp`] === '0' || one.sysctls?.[`net.ipv4.conf.${name}.forwarding`] === '0');
    return off.length === 0 ? undefined : {
      summary: `${off.length} of ${calicoPorts(one).length} devices of pods on node ${one.node} do not answer for the gateway`,
      evidence: off.slice(0, 4).map((name) => view.onHost(one, 'sysctl', `net.ipv4.conf.${name}: proxy_arp = ${one.sysctls?.[`net.ipv4.conf.${name}.proxy_arp`] ?? '?'}, forwarding = ${one.sysctls?.[`net.ipv4.conf.${name}.forwarding`] ?? '?'}`)),
    };
  }),
  bad: [
    node('n1'),
    host('n1', { links: [link('cali0ef24b1e7a1', { kind: 'veth' })], sysctls: { 'net.ipv4.conf.cali0ef24b1e7a1.proxy_arp': '0', 'net.ipv4.conf.cali0ef24b1e7a1.forwarding': '1' } }),
  ],
  good: [
    node('n1'),
    host('n1', { links: [link('cali0ef24b1e7a1', { kind: 'veth' })], sysctls: { 'net.ipv4.conf.cali0ef24b1e7a1.proxy_arp': '1', 'net.ipv4.conf.cali0ef24b1e7a1.forwarding': '1' } }),
  ],
};
