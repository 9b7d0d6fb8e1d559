/** Faults of hosts: forwarding, filters, firewalls, kernels, addresses that are told to others; and pods' own devices. */
import { BETWEEN_NODES, OWN_WORDS, BRIDGE, CALICO, CILIUM, fixOf, FLANNEL, PODS, REMOTE, SELF, throughTunnel, type Entry } from './parts.ts';
import { byRule, namesLost, rule, ruleOfAll, silence, type Proof, type Test } from './fault.ts';

const LOST = [silence(REMOTE), namesLost];
/** Tunnel packets do not arrive, and what goes to the port at the node's own address does: they go to another address. */
const ELSEWHERE: Proof = [{ at: 'tunnel', is: ['lost', 'unsent'] }, { at: 'tunnel-port', is: ['open'] }, { at: 'placement', is: ['different'] }];
/** Entries that lead to no address of the other node. */
const LEADS_AWAY = { at: 'tunnel-entry', is: ['wrong-node'] } as const;
const AT_OWN_ADDRESS: Test = { at: 'tunnel-port', for: ['open'], against: ['blocked', 'lost'] };
const WRONG_ADDRESS = [silence(PODS), namesLost, { kinds: ['no-route'], to: PODS }] as const;

export const HOST: readonly Entry[] = [
  {
    id: 'H7', title: 'A node does not forward packets', layer: 'host', shows: LOST, tests: [rule('FL-HOST-001'), { at: 'connect-client', refutes: ['ok'] }], proofs: [byRule('FL-HOST-001', { at: 'placement', is: ['different'] })],
    fix: fixOf('FL-HOST-001'), verify: '`sysctl net.ipv4.ip_forward` says 1 and stays so after `sysctl --system`.', source: ['faults H7'],
  },
  {
    id: 'H8', title: 'A node drops what it forwards', layer: 'host', shows: LOST, tests: [rule('FL-HOST-002'), { at: 'filter-rule', for: ['other'] }], proofs: [byRule('FL-HOST-002', { at: 'policy', is: ['allows'] }, { at: 'placement', is: ['different'] })],
    fix: fixOf('FL-HOST-002'), verify: 'The FORWARD chain accepts the ranges of pods.', source: ['faults H8'],
  },
  {
    id: 'H4', title: "A host firewall stands in the pods' way", layer: 'host', shows: [...LOST, { kinds: ['no-route'], to: REMOTE }],
    tests: [rule('FL-HOST-003'), rule('FL-HOST-017'), { at: 'tunnel', for: ['dropped'] }, { at: 'capture:icmp-prohibited', for: ['seen'] }, { at: 'filter-counter', for: ['counts-drop', 'counts-reject'] }, { at: 'connect-client', refutes: ['ok'] }], proofs: [],
    fix: fixOf('FL-HOST-003'), verify: 'With the firewall off, or its ports open, the client connects.', source: ['k3s#2049', 'k3s#6240'],
  },
  {
    id: 'H6', title: 'Bridged packets pass by the packet filter', layer: 'host', shows: [silence(['service', 'dns', 'api-server']), namesLost],
    tests: [BRIDGE, rule('FL-HOST-004'), { at: 'placement', refutes: ['different'] }, { at: 'proxy', refutes: ['cilium'] }, { at: 'connect-direct', for: ['ok'] }], proofs: [byRule('FL-HOST-004', { at: 'placement', is: ['same'] }, { at: 'target', is: ['service', 'dns'] })],
    fix: fixOf('FL-HOST-004'), verify: '`sysctl net.bridge.bridge-nf-call-iptables` says 1.', source: ['k8s#20475'],
  },
  {
    id: 'H9', title: 'Flannel tells other nodes a wrong address', layer: 'host', shows: WRONG_ADDRESS, tests: [FLANNEL, ruleOfAll('FL-HOST-012'), throughTunnel('lost', 'unsent'), AT_OWN_ADDRESS, ...BETWEEN_NODES], caseOf: ['V6'], proofs: [byRule('FL-HOST-012', ...ELSEWHERE), byRule('FL-HOST-012', LEADS_AWAY)],
    fix: fixOf('FL-HOST-012'), verify: 'flannel.alpha.coreos.com/public-ip of each node is its own address.', source: ['k3s#72', 'k3s#1365', 'flannel#764'],
  },
  {
    id: 'H10', title: 'Calico uses another address of a node than Kubernetes', layer: 'host', shows: [...WRONG_ADDRESS, { kinds: ['component', 'http'], words: /BIRD|BGP/ }], says: [/BIRD is not ready|BGP not established with/],
    tests: [CALICO, ruleOfAll('FL-HOST-013'), rule('FL-CNI-013'), throughTunnel('lost', 'unsent'), AT_OWN_ADDRESS, { at: 'says:H10', for: ['said'] }, ...BETWEEN_NODES], caseOf: ['V6'], proofs: [byRule('FL-HOST-013', ...ELSEWHERE), byRule('FL-HOST-013', LEADS_AWAY)],
    fix: fixOf('FL-HOST-013'), verify: 'projectcalico.org/IPv4Address of each node is its InternalIP.', source: ['calico#8607', 'calico#3541'],
  },
  {
    id: 'H1', title: "Strict reverse-path filtering drops what Cilium's pods send", layer: 'host', shows: LOST, tests: [CILIUM, rule('FL-HOST-005')], proofs: [byRule('FL-HOST-005', { at: 'target', is: ['outside', 'node', 'api-server'] })],
    fix: fixOf('FL-HOST-005'), verify: '`nstat -az TcpExtIPReversePathFilter` stays.', source: ['cilium#10645', 'cilium#20072'],
  },
  {
    id: 'H3', title: 'Answers of a load balancer leave by another network card', layer: 'host', shows: [silence(['load-balancer'])], tests: [rule('FL-HOST-006'), { at: 'capture:asymmetric-path', for: ['seen'] }], proofs: [],
    fix: fixOf('FL-HOST-006'), verify: '`nstat -az TcpExtIPReversePathFilter` stays.', source: ['metallb.io: troubleshooting'],
  },
  {
    id: 'H2', title: 'Calico before 3.12 stops on loose reverse-path filtering', layer: 'host', shows: [{ kinds: ['component', 'pod-state'], words: /RPF|CrashLoop/ }, ...LOST], says: [/Kernel's RPF check is set to 'loose'/],
    tests: [CALICO, rule('FL-HOST-016'), { at: 'says:H2', for: ['said'] }], proofs: [[{ at: 'says:H2', is: ['said'] }, OWN_WORDS]],
    belief: 'Loose reverse-path filtering breaks no Calico since 3.12.', fix: fixOf('FL-HOST-016'), verify: 'calico-node is ready.', source: ['felix#2082'],
  },
  {
    id: 'H5', title: 'Both backends of iptables are in use', layer: 'host', shows: [...LOST, { kinds: ['refused'], to: PODS }], tests: [rule('FL-HOST-007')], proofs: [],
    belief: 'Mixing them is mostly harmless: it is fatal only where one part must see the rules of another.', fix: fixOf('FL-HOST-007'), verify: '`iptables-legacy-save` is empty.', source: ['k8s#71305', 'node-problem-detector#844'],
  },
  {
    id: 'H11', title: 'The kernel is too old', layer: 'host', shows: [...LOST, { kinds: ['component', 'pod-state', 'sandbox'] }], tests: [rule('FL-HOST-011')], proofs: [], fix: fixOf('FL-HOST-011'), verify: 'The CNI starts on the node.', source: ['docs.cilium.io: system requirements'],
  },
  {
    id: 'A6', title: 'The neighbour table is full', layer: 'host', shows: [...LOST, { kinds: ['no-route'], to: REMOTE }, { kinds: ['component'], words: /neighbou?r/ }], says: [/neighbou?r(?:: arp_cache)?: neighbor table overflow|ndisc_cache: neighbor table overflow/i],
    tests: [{ at: 'neighbour-table', for: ['full'], against: ['ok'] }, { at: 'rule:FL-HOST-010', for: ['here', 'cluster'] }, { at: 'says:A6', for: ['said'] }], proofs: [[{ at: 'neighbour-table', is: ['full'] }], [{ at: 'says:A6', is: ['said'] }, OWN_WORDS]],
    fix: fixOf('FL-HOST-010'), verify: 'table_fulls of /proc/net/stat/arp_cache stays.', source: ['kops#4533', 'e2b-dev/infra#3508'],
  },
  {
    id: 'X1', title: 'A pod cannot reach itself through its Service', layer: 'pod', shows: [silence(['service', 'own-pod'])], tests: [BRIDGE, rule('FL-HOST-014'), { at: 'placement', refutes: ['different'] }, { at: 'capture:hairpin-unanswered', for: ['seen'] }], proofs: [[{ at: 'capture:hairpin-unanswered', is: ['seen'] }]],
    fix: fixOf('FL-HOST-014'), verify: '`cat /sys/class/net/cni0/brif/*/hairpin_mode` says 1.', source: ['k8s#20475', 'flannel#849'],
  },
  {
    id: 'X2', title: 'The loopback device of the pod is down', layer: 'pod', shows: [{ kinds: ['net-unreachable', 'timeout', 'no-local-port', 'deadline'], to: SELF }, { kinds: ['sandbox'], words: /loopback/ }], says: [/failed to find plugin "loopback"/],
    tests: [{ at: 'loopback', for: ['down'], refutes: ['up'] }, rule('FL-HOST-015'), { at: 'rule:FL-CNI-004', for: ['here'] }, { at: 'says:X2', for: ['said'] }], proofs: [[{ at: 'loopback', is: ['down'] }]],
    belief: 'lo is brought up by the container runtime and its plugin `loopback`, by no CNI.', fix: fixOf('FL-HOST-015'), verify: '`ip link show lo` in the pod says UP.', source: ['k8s#28561', 'rke2#7981'],
  },
];

/** What living counters alone show: after everything that a snapshot can show. */
export const FILTER: readonly Entry[] = [
  {
    id: 'K11', name: 'host-filter-drops', title: 'A rule of the packet filter on a node stops the connection, and it is none of a policy', layer: 'host',
    shows: [silence(PODS), { kinds: ['refused', 'no-route'], to: PODS }, { kinds: ['name-timeout'] }],
    tests: [{ at: 'filter-counter', for: ['counts-drop', 'counts-reject'], against: ['still'] }, { at: 'filter-rule', for: ['other'], refutes: ['kube-router', 'kube-proxy', 'calico', 'cilium'] }, { at: 'connect-client', refutes: ['ok'] }],
    proofs: [[{ at: 'filter-counter', is: ['counts-drop', 'counts-reject'] }, { at: 'filter-rule', is: ['other'] }, { at: 'connect-client', is: ['timeout', 'refused', 'no-route'] }]],
    fix: [{ what: 'Take the rule out where it is made (a firewall, a script, a security agent), or let ranges of pods pass before it.', command: 'iptables-save -c | grep -E "DROP|REJECT"' }], verify: 'The rule counts no more when the client connects.', source: ['iptables-extensions(8)', 'kubernetes.io: ports and protocols'],
  },
];
