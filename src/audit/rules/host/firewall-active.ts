/** FL-HOST-003. */
import { host, node } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const firewallActive: Rule = {
  id: 'FL-HOST-003',
  title: "A host firewall runs beside the CNI's rules",
  severity: 'warning',
  faults: ['H4'],
  looksAt: 'Whether firewalld or ufw is active on a host. Whether it lets the overlay through is not in its state that a snapshot has.',
  why: "Unless the overlay's port (Flannel UDP 8472, Calico UDP 4789, TCP 179), the kubelet's 10250 and the ranges of pods and Services are let through, pods on other nodes answer `no route to host` at once (REJECT) or time out; names do not resolve on agents.",
  fix: [
    { what: 'Turn it off, as K3s asks for: systemctl disable --now firewalld, or ufw disable.' },
    { what: 'Or let the cluster through.', command: 'ufw allow from 10.42.0.0/16 to any && ufw allow from 10.43.0.0/16 to any && ufw allow 8472/udp && ufw allow 10250/tcp\n# firewalld:\nfirewall-cmd --permanent --zone=trusted --add-source=10.42.0.0/16 --add-source=10.43.0.0/16\nfirewall-cmd --permanent --add-port=8472/udp --add-port=10250/tcp && firewall-cmd --reload' },
  ],
  refs: ['k3s#2049', 'k3s#6240', 'docs.k3s.io/installation/requirements'],
  check: (view) => perHost(view, (one) => {
    const active = ['firewalld', 'ufw'].filter((name) => one.services?.[name] === true);
    return active.length === 0 ? undefined : {
      summary: `${active.join(' and ')} ${active.length === 1 ? 'is' : 'are'} active on node ${one.node}`,
      evidence: active.map((name) => view.onHost(one, 'systemctl is-active', `${name}: active`)),
    };
  }),
  bad: [node('n1'), host('n1', { services: { firewalld: true, ufw: false } })],
  good: [node('n1'), host('n1', { services: { firewalld: false, ufw: false } })],
};
