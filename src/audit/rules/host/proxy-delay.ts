/** FL-ARP-003. */
import { calicoPorts } from '../../devices.ts';
import { host, link, node } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const proxyDelay: Rule = {
  id: 'FL-ARP-003',
  title: "Answers for pods' gateway are delayed",
  severity: 'warning',
  faults: ['A3'],
  looksAt: 'net.ipv4.neigh.cali….proxy_delay of hosts, which Calico sets to 0 (the kernel has 80, in hundredths of a second).',
  why: 'The first packet of each pod waits up to 0.8 s, at random.',
  fix: [{ what: 'Set it to 0, and exempt cali* from whatever set it.', command: 'for i in /proc/sys/net/ipv4/neigh/cali*; do echo 0 > $i/proxy_delay; done' }],
  refs: ['felix#164', 'felix#183', 'calico#8689'],
  check: (view) => perHost(view, (one) => {
    const late = calicoPorts(one).filter((name) => Number(one.sysctls?.[`net.ipv4.neigh.${name}.proxy_delay`] ?? 0) > 0);
    return late.length === 0 ? undefined : {
      summary: `proxy_delay is not 0 for ${late.length} devices of pods on node ${one.node}`,
      evidence: late.slice(0, 4).map((name) => view.onHost(one, 'sysctl', `net.ipv4.neigh.${name}.proxy_delay = ${one.sysctls?.[`net.ipv4.neigh.${name}.proxy_delay`] ?? ''}`)),
    };
  }),
  bad: [node('n1'), host('n1', { links: [link('cali0ef24b1e7a1', { kind: 'veth' })], sysctls: { 'net.ipv4.neigh.cali0ef24b1e7a1.proxy_delay': '80' } })],
  good: [node('n1'), host('n1', { links: [link('cali0ef24b1e7a1', { kind: 'veth' })], sysctls: { 'net.ipv4.neigh.cali0ef24b1e7a1.proxy_delay': '0' } })],
};
