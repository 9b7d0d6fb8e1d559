/** FL-LB-009. */
import type { KubeObject } from '../../../cluster/objects.ts';
import { calicoNode, ipPool, object } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

interface Peer extends KubeObject { spec?: { peerIP?: string; peerAddress?: string } }

export const twoBgpSpeakers: Rule = {
  id: 'FL-LB-009',
  title: 'Calico and MetalLB both peer with the same router',
  severity: 'error',
  faults: ['B10'],
  looksAt: "peerIP of Calico's BGPPeers against peerAddress of MetalLB's.",
  why: 'A router takes one session per address: only one of the two gets up, and whichever it is changes with restarts. Either pods or load balancer addresses are not announced.',
  fix: [
    { what: "Let Calico announce the load balancer's addresses, and MetalLB only assign them.", command: "kubectl patch bgpconfiguration default --type merge -p '{\"spec\":{\"serviceLoadBalancerIPs\":[{\"cidr\":\"POOL\"}]}}'" },
  ],
  refs: ['metallb.io/configuration/calico'],
  check(view) {
    const calico = [...view.index.objects<Peer>('BGPPeer', 'crd.projectcalico.org'), ...view.index.objects<Peer>('BGPPeer', 'projectcalico.org')];
    const metallb = view.index.objects<Peer>('BGPPeer', 'metallb.io');
    if (calico.length === 0 || metallb.length === 0) return { skip: 'not both of Calico and MetalLB speak BGP' };
    return metallb.flatMap((one) => calico.filter(({ spec }) => (spec?.peerIP ?? '').replace(/:\d+$/, '') === one.spec?.peerAddress).map((other) => ({
      subjects: [subjectOf(one), subjectOf(other)],
      summary: `MetalLB and Calico both peer with ${one.spec?.peerAddress ?? ''}`,
      evidence: [view.seen(one, 'spec.peerAddress', one.spec?.peerAddress), view.seen(other, 'spec.peerIP', other.spec?.peerIP)],
    })));
  },
  bad: [
    calicoNode(),
    ipPool('p', { cidr: '10.42.0.0/16' }),
    object('crd.projectcalico.org/v1', 'BGPPeer', 'tor', { spec: { peerIP: '192.168.10.1', asNumber: 64512 } }, null),
    object('metallb.io/v1beta2', 'BGPPeer', 'router', { spec: { peerAddress: '192.168.10.1', peerASN: 64512, myASN: 64513 } }, 'metallb-system'),
  ],
  good: [
    calicoNode(),
    ipPool('p', { cidr: '10.42.0.0/16' }),
    object('crd.projectcalico.org/v1', 'BGPPeer', 'tor', { spec: { peerIP: '192.168.10.1', asNumber: 64512 } }, null),
    object('metallb.io/v1beta2', 'BGPPeer', 'router', { spec: { peerAddress: '192.168.10.254', peerASN: 64512, myASN: 64513 } }, 'metallb-system'),
  ],
};
