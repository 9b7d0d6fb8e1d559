/** Faults of tunnels between nodes, and of sizes. */
import { BETWEEN_NODES, OWN_WORDS, CALICO, CILIUM, fixOf, FLANNEL, PODS, REMOTE, throughTunnel, type Entry } from './parts.ts';
import { byRule, namesLost, rule, ruleOfAll, silence } from './fault.ts';

const LOST = [silence(PODS), namesLost, { kinds: ['no-route'], to: PODS }] as const;
const LARGE = [{ kinds: ['timeout', 'deadline', 'reset', 'closed'], phase: 'established' }, { kinds: ['too-big'] }] as const;
/** What nobody answers. */
const UNREACHED = ['timeout', 'no-route', 'net-unreachable'] as const;
const DIFFERENT = { at: 'placement', is: ['different'] } as const;
const SIZES = [{ at: 'large-packets', for: ['lost', 'too-big'], refutes: ['fits'] }, { at: 'capture:pmtu-black-hole', for: ['seen'] }, { at: 'capture:icmp-too-big', for: ['seen'] }, { at: 'connect-client', for: ['ok'], refutes: ['timeout', 'no-route'] }] as const;

export const OVERLAY: readonly Entry[] = [
  {
    id: 'V4', title: 'Packets of the tunnel do not get from node to node', layer: 'overlay', shows: LOST,
    // A filter of the hosts is one of several places: that they have none takes nothing back.
    tests: [...BETWEEN_NODES, { at: 'tunnel', for: ['lost', 'dropped', 'unsent'], refutes: ['arrives', 'no-port', 'not-taken', 'bad-checksum'] }, { at: 'tunnel-port', for: ['blocked', 'lost'], refutes: ['open'] }, { at: 'rule:FL-HOST-017', for: ['here', 'cluster'] }, { at: 'capture:vxlan-silent-vtep', for: ['seen'] }, { at: 'policy', against: ['denies'] }, { at: 'route', refutes: ['missing', 'unreachable'] }, { at: 'node-neighbour', refutes: ['other-card'] }],
    proofs: [byRule('FL-HOST-017', DIFFERENT), [{ at: 'tunnel', is: ['lost', 'dropped', 'unsent'] }, { at: 'tunnel-port', is: ['blocked', 'lost'] }, { at: 'connect-nodes', is: ['ok', 'refused'] }, DIFFERENT]],
    fix: [{ what: 'Open the port between all nodes, in both directions: VXLAN 8472/UDP for Flannel and Cilium, 4789/UDP for Calico; IP protocol 4 for IPIP; 51820 and 51821/UDP for WireGuard; 179/TCP for BGP.' }, ...fixOf('FL-HOST-017')], verify: 'A pod of one node reaches a pod of the other.', source: ['k3s#2049', 'k3s#6240'],
  },
  {
    id: 'A7', title: 'Other nodes send to a MAC address that flannel.1 does not have', layer: 'overlay', shows: LOST, says: [/flannel\.1's mac address wanto be: \S+ but got/],
    tests: [FLANNEL, ...BETWEEN_NODES, { at: 'tunnel', against: ['lost', 'dropped', 'no-port', 'not-taken', 'bad-checksum', 'unsent'] }, { at: 'rule:FL-VXLAN-003', for: ['here', 'cluster'] }, { at: 'tunnel-entry', for: ['wrong-mac'], refutes: ['right', 'wrong-node', 'missing'] }, { at: 'capture:vxlan-wrong-vtep', for: ['seen'] }, { at: 'says:A7', for: ['said'] }], proofs: [byRule('FL-VXLAN-003', DIFFERENT), [{ at: 'tunnel-entry', is: ['wrong-mac'] }, DIFFERENT, { at: 'policy', is: ['allows'] }], [{ at: 'tunnel-entry', is: ['wrong-mac'] }, DIFFERENT, { at: 'connect-target-node', is: ['ok'] }], [{ at: 'says:A7', is: ['said'] }, OWN_WORDS]],
    fix: fixOf('FL-VXLAN-003'), verify: 'The MAC address of flannel.1 is the VtepMAC of the node\'s annotation.', source: ['flannel#1155', 'flannel#1795', 'flannel#1796'],
  },
  {
    id: 'V6', name: 'stale-tunnel-entry', title: "A node's entries for the tunnel lead to another node, or to none", layer: 'overlay', shows: LOST,
    tests: [...BETWEEN_NODES, throughTunnel('lost', 'unsent'), { at: 'tunnel-port', against: ['blocked', 'lost'] }, { at: 'tunnel-entry', for: ['wrong-node', 'missing'], refutes: ['right', 'wrong-mac'] }, { at: 'capture:vxlan-wrong-vtep', for: ['seen'] }], proofs: [[{ at: 'tunnel-entry', is: ['wrong-node', 'missing'] }, DIFFERENT, { at: 'policy', is: ['allows'] }], [{ at: 'tunnel-entry', is: ['wrong-node', 'missing'] }, DIFFERENT, { at: 'connect-target-node', is: ['ok'] }]],
    fix: [{ what: "Restart the CNI's agent on the node: it writes the entries anew.", command: 'ip neigh show dev flannel.1; bridge fdb show dev flannel.1' }], verify: "The forwarding entry for the other node's MAC address has that node's address.", source: ['flannel: pkg/backend/vxlan', 'calico: felix vxlan_mgr'],
  },
  {
    id: 'V7', name: 'nodes-do-not-reach-each-other', title: 'The nodes do not reach each other: it is below the pod network', layer: 'host', shows: [silence(PODS), namesLost, { kinds: ['no-route'], to: PODS }],
    tests: [{ at: 'placement', refutes: ['same'] }, { at: 'connect-nodes', for: UNREACHED, refutes: ['ok', 'refused', 'reset'] }, { at: 'connect-client-node', against: ['ok', 'refused'] }, { at: 'connect-target-node', for: ['ok'] }, { at: 'connect-direct', refutes: ['ok', 'refused'] }, { at: 'connect-nodes-back', for: UNREACHED, refutes: ['ok', 'refused', 'reset'] }, { at: 'underlay-ping', for: ['lost'], against: ['ok'] }, throughTunnel('lost', 'unsent'), { at: 'tunnel-port', for: ['lost'], refutes: ['open', 'blocked'] }],
    proofs: [[{ at: 'connect-nodes', is: UNREACHED }, { at: 'connect-nodes-back', is: UNREACHED }, { at: 'underlay-ping', is: ['lost'] }, { at: 'tunnel', is: ['lost', 'unsent'] }, { at: 'connect-target-node', is: ['ok', 'refused'] }, DIFFERENT]],
    fix: [{ what: 'Look at what is between the nodes: cables, VLANs, security groups, firewalls of both hosts.', command: 'ip neigh show OTHER-NODE; ping OTHER-NODE; nc -zv OTHER-NODE 10250' }], verify: 'From one node the kubelet port of the other is reached.', source: ['kubernetes.io: ports and protocols'],
  },
  {
    id: 'V5', title: 'Nodes use the overlay with different parameters', layer: 'overlay', shows: LOST, tests: [...BETWEEN_NODES, throughTunnel('no-port', 'not-taken'), { at: 'tunnel-port', against: ['blocked', 'lost'] }, ruleOfAll('FL-VXLAN-002'), rule('FL-CNI-011')], proofs: [byRule('FL-VXLAN-002', { at: 'tunnel', is: ['no-port', 'not-taken'] }, DIFFERENT)],
    fix: fixOf('FL-VXLAN-002'), verify: '`ip -d link` shows the same port and VNI on all nodes.', source: ['k3s#3409', 'docs.k3s.io: basic network options'],
  },
  {
    id: 'V3', title: 'Two tunnels want the same UDP port', layer: 'overlay', shows: [...LOST, { kinds: ['address-in-use'], words: /vxlan|flannel|cilium|RTNETLINK/i }, { kinds: ['sandbox', 'component'] }], says: [/(?:vxlan|flannel\.1|cilium_vxlan)[^\n]*address already in use|RTNETLINK answers: Address already in use/i],
    tests: [ruleOfAll('FL-VXLAN-001'), throughTunnel('no-port'), { at: 'says:V3', for: ['said'] }], proofs: [[{ at: 'says:V3', is: ['said'] }, OWN_WORDS]],
    belief: 'Two VXLAN CNIs can live side by side, with different ports and different ranges.', fix: fixOf('FL-VXLAN-001'), verify: 'All VXLAN devices are UP.', source: ['cilium#38583', 'cilium#5533'],
  },
  {
    id: 'V1', title: 'Checksums of tunnelled packets are wrong when they arrive', layer: 'overlay', shows: [...LOST, { kinds: ['timeout', 'deadline'], to: REMOTE }],
    tests: [...BETWEEN_NODES.slice(0, 1), { at: 'tunnel', for: ['bad-checksum'], against: ['lost', 'dropped', 'no-port', 'not-taken', 'unsent'] }, { at: 'rule:FL-VXLAN-004', for: ['here', 'cluster'] }, { at: 'capture:bad-inner-checksum', for: ['seen'] }], proofs: [[{ at: 'tunnel', is: ['bad-checksum'] }, DIFFERENT]],
    belief: 'Wrong checksums in a capture of the sender are normal: the card computes them later. Only those that arrive wrong count.', fix: fixOf('FL-VXLAN-004'), verify: 'UdpInCsumErrors of the receiver stays.', source: ['flannel#1282', 'calico#3145'],
  },
  {
    id: 'V2', title: 'vSphere and VXLAN on port 4789', layer: 'overlay', shows: LOST,
    // Lost TCP between nodes is all that it shows, and that is so with many faults: where the nodes run speaks for it.
    tests: [CALICO, { at: 'placement', refutes: ['same'] }, ...(['connect-direct', 'connect-client-node'] as const).map((at) => ({ at, refutes: ['ok', 'refused'] })), { at: 'connect-target-node', against: ['timeout', 'refused', 'no-route'] }, { at: 'tunnel', refutes: ['lost', 'dropped', 'no-port', 'not-taken', 'unsent'] }, ruleOfAll('FL-VXLAN-005')], proofs: [], fix: fixOf('FL-VXLAN-005'), verify: 'TCP between pods of two nodes works.', source: ['calico#9433'],
  },
  {
    id: 'M1', title: 'Packets of pods are too large for what carries them', layer: 'mtu', shows: LARGE, tests: [...SIZES, rule('FL-MTU-001'), rule('FL-MTU-003'), { at: 'placement', refutes: ['same'] }], caseOf: ['M2'], proofs: [byRule('FL-MTU-001', DIFFERENT, { at: 'capture:pmtu-black-hole', is: ['seen'] }), byRule('FL-MTU-001', DIFFERENT, { at: 'large-packets', is: ['lost', 'too-big'] })],
    belief: 'Small requests work and large answers hang: it looks like a slow application.', fix: fixOf('FL-MTU-001'), verify: '`ping -M do -s SIZE` from pod to pod works up to the MTU of eth0 less 28.', source: ['kubeasz#1444', 'calico#12432'],
  },
  {
    id: 'M2', title: 'Large packets vanish between one pair of nodes', layer: 'mtu', shows: LARGE, tests: [...SIZES, { at: 'placement', refutes: ['same'] }], proofs: [[{ at: 'capture:pmtu-black-hole', is: ['seen'] }, DIFFERENT], [{ at: 'large-packets', is: ['lost'] }, DIFFERENT]],
    fix: [{ what: 'Find the narrow link, or lower the MTU of pods to what it carries.', command: 'tracepath -n OTHER-NODE' }], verify: 'A large answer arrives.', source: ['calico#7651', 'calico#8953'],
  },
  { id: 'M3', title: "Devices of Calico's eBPF data plane are smaller than the card", layer: 'mtu', shows: LARGE, tests: [CALICO, rule('FL-MTU-004')], proofs: [], fix: fixOf('FL-MTU-004'), verify: '`ip link show bpfin.cali` has the MTU of the card.', source: ['calico#8868'] },
  {
    id: 'L7', title: 'BPF programs of an agent that was stopped drop packets of the node', layer: 'host', shows: [silence(REMOTE), namesLost, { kinds: ['no-route'], to: REMOTE }], tests: [rule('FL-CNI-017'), { at: 'cni', refutes: ['cilium'] }], proofs: [],
    fix: fixOf('FL-CNI-017'), verify: '`tc filter show dev DEVICE ingress` is empty.', source: ['cilium#30609', 'cilium#24563'],
  },
  { id: 'I5', title: 'Cilium has no number left for another node', layer: 'cni', shows: [{ kinds: ['component'] }, silence(PODS)], says: [/No more IDs available for nodes/i], tests: [CILIUM, { at: 'says:I5', for: ['said'] }], proofs: [[{ at: 'says:I5', is: ['said'] }, OWN_WORDS]], fix: [{ what: 'Remove CiliumNodes of nodes that are gone; upgrade Cilium.' }], verify: 'The agent no longer says so.', source: ['cilium#42787'] },
];
