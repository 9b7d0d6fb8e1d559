/** Popular beliefs that lead astray, and what is true: told where somebody is likely to hold them. Pure. */
import type { Facts } from './fact.ts';
import type { Complaint, Judgement } from './rank.ts';

export interface Belief { /** Its number in the catalogue of faults, §9. */ number: number; belief: string; text: string; source: string }

interface Entry extends Belief { /** Faults about which it is held, or which it is mistaken for: their pages tell it. */ faults: readonly string[]; when(complaint: Complaint, at: { facts: Facts; raw: string; is(fault: string): boolean }): boolean }

const value = (facts: Facts, id: Parameters<Facts['get']>[0]): string | undefined => facts.get(id)?.value;
const inPod = ({ target }: Complaint): boolean => target === 'loopback' || target === 'own-pod';
const silent = ({ symptom }: Complaint): boolean => symptom?.kind === 'timeout' || symptom?.kind === 'deadline' || symptom?.kind === 'name-timeout';

/** Beliefs in the order of the catalogue. */
export const BELIEFS: readonly Entry[] = [
  {
    number: 1, faults: ['X3', 'X4', 'W3', 'S2'], belief: 'Flannel, or K3s, blocks loopback between containers of a pod.', source: 'kubernetes.io: a pod cannot block access to itself',
    text: 'Containers of a pod share one network namespace, and what they send to 127.0.0.1 or to the pod\'s own address never leaves it: no CNI and no NetworkPolicy sees it. "Refused" means that at that moment nobody listened there: the server had not started yet, had ended, or listens on another port. That port-forward works at another moment does not contradict it.',
    when: (complaint) => inPod(complaint) && complaint.symptom?.kind === 'refused',
  },
  {
    number: 2, faults: ['X3', 'S2'], belief: '0.0.0.0 is no address to connect to.', source: 'Linux: man 7 ip',
    text: 'On Linux a connection to 0.0.0.0 goes to the host itself: `0.0.0.0:PORT refused` says the same as `127.0.0.1:PORT refused`. Writing another address would not help.',
    when: ({ symptom }) => symptom?.address === '0.0.0.0',
  },
  {
    number: 3, faults: ['P10', 'P7', 'A9'], belief: 'Calico denies by default.', source: 'kubernetes.io: network policies; docs.tigera.io: host endpoints',
    text: 'Calico lets pods that no policy selects talk to everybody. It denies for pods once some policy selects them and none allows, for hosts with a HostEndpoint and no policy, and for the moment until Felix has programmed a new pod.',
    when: (complaint, { facts }) => silent(complaint) && (value(facts, 'cni') === 'calico' || value(facts, 'cni') === 'canal') && value(facts, 'policy') !== undefined,
  },
  {
    number: 4, faults: ['P2', 'P1'], belief: 'Flannel enforces no policies, so that K3s does not either.', source: 'k3s-io/docs#140; k3s#1308',
    text: "Flannel does not, but K3s runs kube-router's policy controller beside it, unless disable-network-policy is set: policies are in force here.",
    when: ({ symptom }, { facts }) => symptom !== undefined && value(facts, 'enforcer') === 'kube-router' && value(facts, 'policy') === 'denies',
  },
  {
    number: 5, faults: ['A1', 'A2', 'A5'], belief: 'calico#8689 is a race in the ARP responder of Felix, and needs another CNI.', source: 'calico#8689; kernel: net/ipv4/arp.c',
    text: 'The issue names no cause and no release that mended it, and the kernel answers for 169.254.1.1, not Felix. A gateway that does not answer gives the client `no route to host` after about 3 seconds; `i/o timeout` to a Service has other causes first.',
    when: (complaint, { facts, is }) => complaint.symptom?.kind === 'timeout' && (complaint.target === 'service' || complaint.target === 'pod') && value(facts, 'cni') === 'calico' && !is('A1') && !is('A2'),
  },
  {
    number: 6, faults: ['X3', 'P2', 'K1'], belief: '"Connection refused" across pods means that the application is down.', source: 'kube-router: REJECT --reject-with icmp-port-unreachable',
    text: "It may: but K3s' policy controller rejects what it denies, and kube-proxy rejects for Services without endpoints, and both read as \"connection refused\". A capture tells them apart: a TCP RST of the pod, or an ICMP error of a node.",
    when: (complaint, { facts }) => complaint.symptom?.kind === 'refused' && !inPod(complaint) && complaint.target !== undefined && value(facts, 'enforcer') === 'kube-router' && value(facts, 'listener') !== 'none',
  },
  {
    number: 7, faults: ['B4', 'B6', 'K2'], belief: 'One pings the address of a Service or of a load balancer.', source: 'metallb.io: troubleshooting',
    text: 'These addresses answer on their ports alone: ping is not answered even when all is well, and that a node reaches a load balancer\'s address proves nothing about the network outside. Ask from outside, on the port.',
    when: ({ target, symptom }, { raw }) => target === 'load-balancer' || (target === 'service' && /\bping\b|icmp_seq|Destination Host Unreachable/i.test(raw)) || (symptom !== undefined && /\bping\b/i.test(raw)),
  },
  {
    number: 8, faults: ['H2'], belief: 'Loose reverse-path filtering breaks Calico.', source: 'libcalico-go#1181',
    text: 'Only before Calico 3.12: later versions filter themselves and accept rp_filter = 2.',
    when: (_complaint, { raw, is }) => /rp_filter|RPF/i.test(raw) && !is('H2'),
  },
  {
    number: 9, faults: ['B4', 'B5'], belief: 'MetalLB always needs strictARP.', source: 'metallb#153',
    text: 'Only with kube-proxy in IPVS mode, where every node has the address on kube-ipvs0. With iptables, which is the default of K3s, it changes nothing.',
    when: ({ target }, { facts, raw }) => (target === 'load-balancer' || /strictARP/i.test(raw)) && (value(facts, 'proxy') === 'iptables' || value(facts, 'proxy') === 'nftables'),
  },
  {
    number: 10, faults: ['V1'], belief: '"bad cksum" in a capture means that checksum offload is broken.', source: 'tcpdump; flannel#1282',
    text: 'On the sender the card computes checksums after the capture was taken, so that they look wrong there. Only those that arrive wrong count: capture at the receiver, and watch its UdpInCsumErrors.',
    when: (_complaint, { raw, facts }) => /bad (?:udp |tcp )?cksum|bad checksum|incorrect checksum/i.test(raw) || value(facts, 'capture:bad-checksum') === 'seen',
  },
  {
    number: 11, faults: ['H5'], belief: 'Mixed backends of iptables are always fatal.', source: 'node-problem-detector#844',
    text: 'Two rule sets that know nothing of each other both apply, and mostly do no harm. It is fatal only where one part must see the rules of another.',
    when: (_complaint, { facts, raw }) => value(facts, 'rule:FL-HOST-007') === 'here' || /iptables-legacy tables present/i.test(raw),
  },
  {
    number: 12, faults: ['C1', 'C4'], belief: "Changing the pool's value gives pods other addresses.", source: 'akash-network/support#316; cilium#29881',
    text: 'CALICO_IPV4POOL_CIDR is read when no pool exists and never again, and CiliumNodes keep the range that they got. Pods get addresses of a new pool when they are made anew.',
    when: (_complaint, { facts }) => ['here', 'cluster'].includes(value(facts, 'rule:FL-CIDR-001') ?? '') || ['here', 'cluster'].includes(value(facts, 'rule:FL-CIDR-007') ?? ''),
  },
  {
    number: 13, faults: ['L1', 'L2', 'L8'], belief: 'Deleting kube-proxy, or the DaemonSet of a CNI, removes its rules.', source: 'k8s#119265; k3s#7244',
    text: 'Rules and devices stay on the nodes until somebody removes them or the node is rebooted.',
    when: (_complaint, { facts }) => ['rule:FL-CNI-007', 'rule:FL-CNI-008', 'rule:FL-CNI-012', 'rule:FL-CNI-017'].some((id) => ['here', 'cluster'].includes(value(facts, id as `rule:${string}`) ?? '')),
  },
  {
    number: 14, faults: ['V3'], belief: 'Two VXLAN CNIs cannot live side by side.', source: 'cilium#5533',
    text: 'They can, with different UDP ports and different ranges of pods: only the same port, or the same range, is a conflict.',
    when: (_complaint, { facts, is }) => ['here', 'cluster'].includes(value(facts, 'rule:FL-VXLAN-001') ?? '') || is('V3'),
  },
];

/** Those that somebody with this complaint is likely to hold. */
export function beliefsFor(complaint: Complaint, facts: Facts, causes: readonly Judgement[]): Belief[] {
  const sure = new Set(causes.filter(({ certainty }) => certainty === 'proved').map(({ fault }) => fault.id));
  const at = { facts, raw: complaint.symptom?.raw ?? '', is: (fault: string): boolean => sure.has(fault) };
  return BELIEFS.filter((one) => one.when(complaint, at)).map(({ number, belief, text, source }) => ({ number, belief, text, source }));
}
