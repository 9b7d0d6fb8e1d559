/** FL-HOST-005. */
import { ciliumAgent, host, link, node } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const rpFilter: Rule = {
  id: 'FL-HOST-005',
  title: "Strict reverse-path filtering on pods' devices of Cilium",
  severity: 'error',
  faults: ['H1'],
  looksAt: "rp_filter of devices lxc… where Cilium runs: the larger of `all` and the device's own counts, and 1 drops.",
  why: 'systemd ≥ 245 sets it for new devices. Pods then reach other pods and not the outside, nor the host; nothing is logged.',
  fix: [
    { what: 'Exempt the devices; the agent writes this file itself since Cilium 1.13.', command: "echo 'net.ipv4.conf.lxc*.rp_filter = 0' > /etc/sysctl.d/99-zzz-cilium.conf && systemctl restart systemd-sysctl" },
  ],
  refs: ['cilium#10645', 'cilium#13717', 'cilium#20072'],
  check(view) {
    if (!view.picture.cnis.some(({ name, how }) => name === 'cilium' && how !== 'trace')) return { skip: 'Cilium does not run here' };
    return perHost(view, (one) => {
      const all = Number(one.sysctls?.['net.ipv4.conf.all.rp_filter'] ?? 0);
      const strict = (one.links ?? []).filter(({ name }) => name.startsWith('lxc') && Math.max(all, Number(one.sysctls?.[`net.ipv4.conf.${name}.rp_filter`] ?? 0)) === 1);
      return strict.length === 0 ? undefined : {
        summary: `${strict.length} devices of pods on node ${one.node} filter reverse paths strictly`,
        evidence: [
          view.onHost(one, 'sysctl', `net.ipv4.conf.all.rp_filter = ${all}; ${strict.slice(0, 3).map(({ name }) => `${name} ${one.sysctls?.[`net.ipv4.conf.${name}.rp_filter`] ?? '?'}`).join(', ')}`),
        ],
      };
    });
  },
  bad: [
    node('n1'),
    ciliumAgent(),
    host('n1', { links: [link('lxc0a1b2c3d', { kind: 'veth' })], sysctls: { 'net.ipv4.conf.all.rp_filter': '1', 'net.ipv4.conf.lxc0a1b2c3d.rp_filter': '0' } }),
  ],
  good: [
    node('n1'),
    ciliumAgent(),
    host('n1', { links: [link('lxc0a1b2c3d', { kind: 'veth' })], sysctls: { 'net.ipv4.conf.all.rp_filter': '0', 'net.ipv4.conf.lxc0a1b2c3d.rp_filter': '0' } }),
  ],
};
