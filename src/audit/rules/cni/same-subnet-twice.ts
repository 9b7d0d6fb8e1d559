/** FL-CNI-009. */
import { host, link, node, vxlanLink } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const sameSubnetTwice: Rule = {
  id: 'FL-CNI-009',
  title: 'Two devices of a node have the same pod address',
  severity: 'error',
  faults: ['L1'],
  looksAt: 'Addresses inside the pod ranges that two devices of one host have, such as an old flannel.1 beside the new flannel-wg.',
  why: 'Packets leave by whichever device the kernel picks: half of the pods on other nodes are unreachable after a change of backend.',
  fix: [{ what: 'Remove the device of the old backend, or reboot.', command: 'ip link delete flannel.1' }],
  refs: ['kube-hetzner#2045', 'k3s#3409'],
  check: (view) => perHost(view, (one) => {
    const addresses = (one.addresses ?? []).filter(({ family, device }) => family === 'inet' && device !== 'lo' && device !== 'kube-ipvs0' && device !== 'nodelocaldns');
    const twice = [...Map.groupBy(addresses, ({ address }) => address)].find(([, all]) => new Set(all.map(({ device }) => device)).size > 1);
    return twice === undefined ? undefined : {
      summary: `${twice[1].map(({ device }) => device).join(' and ')} of node ${one.node} both have ${twice[0]}`,
      evidence: [view.onHost(one, 'ip addr', twice[1].map(({ device, address, prefixLength }) => `${device} ${address}/${prefixLength}`).join(', '))],
    };
  }),
  bad: [
    node('n1'),
    host('n1', { links: [vxlanLink('flannel.1'), link('flannel-wg', { kind: 'wireguard' })], addresses: [{ device: 'flannel.1', family: 'inet', address: '10.42.1.0', prefixLength: 32, scope: 'global' }, { device: 'flannel-wg', family: 'inet', address: '10.42.1.0', prefixLength: 32, scope: 'global' }] }),
  ],
  good: [
    node('n1'),
    host('n1', { addresses: [{ device: 'flannel.1', family: 'inet', address: '10.42.1.0', prefixLength: 32, scope: 'global' }, { device: 'cni0', family: 'inet', address: '10.42.1.1', prefixLength: 24, scope: 'global' }] }),
  ],
};
