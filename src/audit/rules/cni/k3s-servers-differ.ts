/** FL-CNI-011. */
import { setting } from '../../../cni/picture/k3s-args.ts';
import { node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

/** Flags that must be the same on all servers (docs.k3s.io/cli/server, "critical configuration values"). */
const CRITICAL = ['flannel-backend', 'cluster-cidr', 'service-cidr', 'egress-selector-mode', 'disable-network-policy', 'disable-kube-proxy'] as const;

export const k3sServersDiffer: Rule = {
  id: 'FL-CNI-011',
  title: "K3s' servers disagree about the network",
  severity: 'error',
  faults: ['V5', 'L6'],
  looksAt: `${CRITICAL.join(', ')} of all servers, defaults included.`,
  why: 'Agents take the value of whichever server answers at their start, so that nodes differ at random after a restart; a new server is refused with `critical configuration value mismatch`.',
  fix: [{ what: 'Write the same values into /etc/rancher/k3s/config.yaml of every server, restart the servers one by one, then the agents.' }],
  refs: ['docs.k3s.io/networking/basic-network-options', 'k3s#3409'],
  check(view) {
    const servers = view.picture.k3s.filter(({ role }) => role === 'server');
    if (servers.length < 2) return { skip: 'there are not several K3s servers in the snapshot' };
    return CRITICAL.flatMap((name) => {
      const said = servers.map((server) => ({ server, value: setting(server, name)?.value ?? 'false', source: setting(server, name)?.source ?? `server ${server.node} does not say` }));
      if (new Set(said.map(({ value }) => value)).size === 1) return [];
      return [{
        subjects: said.map(({ server }) => `Node ${server.node}`),
        summary: `${name} is ${said.map(({ server, value }) => `${value} on ${server.node}`).join(', ')}`,
        evidence: said.map(({ value, source }) => view.derived(source, `${name} ${value}`, 'observed')),
      }];
    });
  },
  bad: [node('n1', { args: ['--flannel-backend', 'host-gw'] }), node('n2', { args: [], address: '192.168.10.12' })],
  good: [node('n1', { args: ['--flannel-backend', 'vxlan'] }), node('n2', { args: [], address: '192.168.10.12' })],
};
