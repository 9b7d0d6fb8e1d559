/** FL-ARP-004. */
import { calicoNode, host, ipPool, node, pod, route } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const podGatewayRoute: Rule = {
  id: 'FL-ARP-004',
  title: "Calico pods have lost their default route",
  severity: 'warning',
  faults: ['A8'],
  looksAt: "Routes in the network namespaces of pods, where they were read, while Calico runs: none of them is a default route. Multus and programs inside the pod change them.",
  why: 'Once the entry for 169.254.1.1 ages, the node does not find the pod any more: `(podIP) at <incomplete> on cali…`, and probes of the kubelet fail.',
  fix: [{ what: "Keep a route to the node's address over eth0 in the pod (Multus: default-route of the network attachment)." }],
  refs: ['calico#12806'],
  check(view) {
    if (view.picture.cni?.name !== 'calico') return { skip: 'Calico does not run here' };
    return perHost(view, (one) => {
      const odd = (one.pods ?? []).filter(({ routes, addresses }) => routes !== undefined && addresses.some((ip) => !ip.includes(':')) && !routes.some(({ dst, family }) => family === 4 && (dst === 'default' || dst === '0.0.0.0/0')));
      return odd.length === 0 ? undefined : {
        summary: `${odd.length} of ${one.pods?.length ?? 0} pods of node ${one.node} have no default route`,
        evidence: odd.slice(0, 3).map(({ addresses, routes }) => view.onHost(one, `ip route in the pod with ${addresses.join(', ')}`, (routes ?? []).map(({ dst, device }) => `${dst} dev ${device ?? '?'}`).join(', ') || 'no routes')),
      };
    });
  },
  bad: [
    node('n1', { args: ['--flannel-backend', 'none'] }),
    calicoNode(),
    ipPool('p', { cidr: '10.42.0.0/16' }),
    pod('a'),
    host('n1', { pods: [{ addresses: ['10.42.0.5'], routes: [route('192.168.30.0/24', { device: 'net1' })] }] }),
  ],
  good: [
    node('n1', { args: ['--flannel-backend', 'none'] }),
    calicoNode(),
    ipPool('p', { cidr: '10.42.0.0/16' }),
    pod('a'),
    host('n1', { pods: [{ addresses: ['10.42.0.5'], routes: [route('default', { device: 'eth0', gateway: '169.254.1.1' })] }] }),
  ],
};
