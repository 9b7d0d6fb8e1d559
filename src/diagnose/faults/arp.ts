/** Faults of the gateway that Calico's pods have, and of what Felix has yet to do. */
import { CALICO, fixOf, REMOTE, type Entry } from './parts.ts';
import { byRule, namesLost, rule, silence } from './fault.ts';

/** ARP that nobody answers is `no route to host` for the one who asks, after about 3 s; and silence for who waits for his answer. */
const NO_GATEWAY = [{ kinds: ['no-route'], to: REMOTE }, silence(REMOTE), namesLost] as const;
const BELIEF = 'A gateway that does not answer ARP gives `no route to host` after about 3 seconds, not `i/o timeout`. calico#8689 names no cause and no release that mended it, and the kernel answers, not Felix.';
const NEIGHBOUR = { at: 'gateway-neighbour', for: ['failed'], refutes: ['reachable'] } as const;

export const ARP: readonly Entry[] = [
  {
    id: 'A1', title: "The node answers late for its pods' gateway", layer: 'cni', shows: NO_GATEWAY,
    tests: [CALICO, NEIGHBOUR, rule('FL-ARP-001'), { at: 'capture:arp-gateway-late', for: ['seen'] }, { at: 'connect-client', for: ['no-route'], against: ['ok', 'timeout'] }], proofs: [byRule('FL-ARP-001', { at: 'gateway-neighbour', is: ['failed'] }), [{ at: 'capture:arp-gateway-late', is: ['seen'] }]],
    belief: BELIEF, fix: fixOf('FL-ARP-001'), verify: '`ip neigh` in the pod shows 169.254.1.1 REACHABLE.', source: ['calico#8689', 'faults §1'],
  },
  {
    id: 'A2', title: "The node has no route to its pods' gateway, so that it never answers", layer: 'cni', shows: NO_GATEWAY,
    tests: [CALICO, NEIGHBOUR, rule('FL-ARP-002'), { at: 'capture:arp-gateway-never', for: ['seen'] }], proofs: [byRule('FL-ARP-002')],
    fix: fixOf('FL-ARP-002'), verify: '`ip route get 169.254.1.1` on the node names a device.', source: ['calico#3270'],
  },
  { id: 'A3', title: "Answers for the pods' gateway are delayed", layer: 'cni', shows: [{ kinds: ['deadline'] }], tests: [CALICO, rule('FL-ARP-003'), { at: 'capture:arp-gateway-slow', for: ['seen'] }], proofs: [[{ at: 'capture:arp-gateway-slow', is: ['seen'] }]], fix: fixOf('FL-ARP-003'), verify: '`sysctl net.ipv4.neigh.CALI.proxy_delay` says 0.', source: ['felix#164'] },
  { id: 'A4', title: 'The kernel crashed in pneigh_enqueue while pods started', layer: 'host', shows: [silence(REMOTE), { kinds: ['no-route', 'reset'], to: REMOTE }], says: [/divide error[\s\S]*pneigh_enqueue|pneigh_enqueue/], tests: [CALICO, { at: 'says:A4', for: ['said'] }, { at: 'nodes', for: ['not-ready'] }], proofs: [[{ at: 'says:A4', is: ['said'] }, { at: 'nodes', is: ['not-ready'] }]], fix: [{ what: 'Upgrade Calico: since the end of 2018 its plugin sets proxy_delay before proxy_arp.' }], verify: 'The node stays up while many pods start.', source: ['felix#1937', 'cni-plugin#674'] },
  { id: 'A5', title: 'Some new pods get no answer from their gateway', layer: 'cni', shows: NO_GATEWAY, tests: [CALICO, NEIGHBOUR, { at: 'rule:FL-ARP-001', against: ['here'] }, { at: 'rule:FL-ARP-002', against: ['here'] }, { at: 'capture:arp-gateway-never', for: ['seen'] }], proofs: [], fix: [{ what: 'Look at all that can keep the kernel from answering.', command: 'sysctl net.ipv4.conf.CALI.proxy_arp net.ipv4.conf.CALI.forwarding net.ipv4.conf.CALI.rp_filter; ip route get 169.254.1.1 from POD iif CALI; ip route get POD' }], verify: '`ip neigh` in the pod shows 169.254.1.1 REACHABLE.', source: ['calico#4186'] },
  { id: 'A8', title: 'The pod lost its default route', layer: 'pod', shows: [{ kinds: ['net-unreachable', 'no-route'], to: REMOTE }, silence(REMOTE), namesLost], tests: [{ at: 'pod-route', for: ['missing'], refutes: ['there'] }, rule('FL-ARP-004')], proofs: [[{ at: 'pod-route', is: ['missing'] }, { at: 'symptom', is: ['net-unreachable', 'no-route'] }]], fix: fixOf('FL-ARP-004'), verify: '`ip route` in the pod has a default route.', source: ['calico#12806'] },
  { id: 'A9', title: 'Felix has not let the new pod out yet', layer: 'cni', shows: [silence(REMOTE), namesLost], says: [/Finished applying updates to dataplane\. msecToApply=\d{4,}/], tests: [CALICO, { at: 'client-state', for: ['starting'], against: ['ready'] }, { at: 'filter-counter', for: ['counts-drop'] }, { at: 'says:A9', for: ['said'] }, { at: 'connect-client', against: ['ok'] }, { at: 'policy', against: ['denies'] }], proofs: [], fix: [{ what: 'Give calico-node more processor time, upgrade Calico, and let clients ask again.', command: 'iptables-save -c | grep -A1 cali-from-wl-dispatch' }], verify: 'msecToApply in the log of Felix stays below a second.', source: ['calico#3628', 'calico#9706', 'felix#1629'] },
  { id: 'A10', title: "A route to the pod's address leads to another device", layer: 'cni', shows: [{ kinds: ['sandbox'] }, silence(['pod', 'service'])], says: [/already exists for an interface other than/], tests: [CALICO, { at: 'says:A10', for: ['said'] }], proofs: [[{ at: 'says:A10', is: ['said'] }]], fix: [{ what: 'Remove the stale device or route, and look for addresses that were given twice.', command: 'ip route show POD-IP; calicoctl ipam check' }], verify: 'The pod starts.', source: ['cni-plugin: dataplane_linux.go'] },
];
