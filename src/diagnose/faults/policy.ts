/** Faults of policies: what is meant to be allowed and is not, and the other way round. */
import { CALICO, fixOf, K3S_CONTROLLER, PODS, REMOTE, type Entry } from './parts.ts';
import { byRule, namesLost, rule, silence } from './fault.ts';

const DROPPED = { at: 'denied-how', refutes: ['rejected'] } as const;
const DENIED = { at: 'policy', for: ['denies', 'denies-pods'], against: ['depends'], refutes: ['allows'] } as const;
const ASK = { what: 'Allow it on both sides: egress of the client and ingress of the target.', command: 'fairlead policy explain --from NAMESPACE/POD --to service:NAMESPACE/NAME --port PORT' };

export const POLICY: readonly Entry[] = [
  {
    id: 'P10', name: 'policy-drops', title: 'Policies deny the connection, and what they deny is dropped', layer: 'policy',
    shows: [silence(REMOTE), { kinds: ['name-timeout'] }],
    tests: [DENIED, DROPPED, { at: 'filter-counter', for: ['counts-drop'], against: ['still'] }, { at: 'connect-client', for: ['timeout'], refutes: ['ok'] }, { at: 'connect-target-node', for: ['ok'] }, { at: 'capture:syn-unanswered', for: ['seen'] }],
    proofs: [[{ at: 'policy', is: ['denies'] }, { at: 'denied-how', is: ['dropped'] }]],
    belief: 'Calico does not deny by default: pods that no policy selects may talk to everybody. It denies once some policy selects them and none allows; only hosts with a HostEndpoint are closed without a policy.',
    fix: [ASK], verify: '`fairlead policy ask` says `allow`, and the client connects.', source: ['kubernetes.io: network policies', 'faults belief 3'],
  },
  {
    id: 'P2', title: "K3s' own policy controller rejects the connection", layer: 'policy',
    shows: [{ kinds: ['refused'], to: PODS }],
    tests: [DENIED, K3S_CONTROLLER, { at: 'denied-how', refutes: ['dropped'] }, { at: 'filter-counter', for: ['counts-reject'], against: ['still'] }, { at: 'capture:syn-rejected-by-icmp', for: ['seen'] }, { at: 'capture:syn-reset-by-host', refutes: ['seen'] }, { at: 'connect-target-node', for: ['ok'], against: ['refused'] }, { at: 'endpoints', refutes: ['none-selected', 'none-ready'] }],
    proofs: [[{ at: 'policy', is: ['denies'] }, { at: 'denied-how', is: ['rejected'] }]],
    belief: 'It reads as if the application were down. K3s brings kube-router\'s policy controller, which is on unless it is disabled ("Flannel does not enforce policies" is true of Flannel, not of K3s), and it answers with an ICMP error that clients show as "connection refused".',
    fix: [ASK, ...fixOf('FL-POL-013')], verify: 'The counter of the REJECT rule of the pod stays when the client connects.', source: ['faults P2, beliefs 4 and 6', 'kube-router: pkg/controllers/netpol'],
  },
  {
    id: 'P3', title: 'A policy lets the pod send, but not ask for names', layer: 'policy', caseOf: ['P10', 'P2'],
    shows: [namesLost, silence(['dns'])],
    tests: [{ at: 'dns-policy', for: ['denies'], against: ['depends'], refutes: ['allows'] }, rule('FL-POL-003'), { at: 'connect-dns', for: ['timeout', 'refused'], against: ['ok'] }, { at: 'capture:dns-timeout', for: ['seen'] }],
    proofs: [[{ at: 'dns-policy', is: ['denies'] }]],
    belief: 'Time-outs that begin with an egress policy are most often lookups: addresses work, names do not.',
    fix: fixOf('FL-POL-003'), verify: '`nslookup kubernetes.default` in the pod is answered.', source: ['faults P3', 'kubernetes/website#55115'],
  },
  {
    id: 'P1', title: 'Policies are there that nothing enforces', layer: 'policy', shows: [],
    tests: [rule('FL-POL-001'), { at: 'enforcer', for: ['none'], refutes: ['calico', 'cilium', 'kube-router'] }], proofs: [byRule('FL-POL-001')],
    fix: fixOf('FL-POL-001'), verify: 'A connection that a policy denies is denied.', source: ['faults P1'],
  },
  {
    id: 'P4', title: 'Policies allow the DNS pods, and lookups go to node-local DNS', layer: 'policy', shows: [namesLost],
    tests: [rule('FL-POL-004'), { at: 'connect-dns', against: ['ok'] }], proofs: [], fix: fixOf('FL-POL-004'), verify: 'A lookup in the pod is answered.', source: ['calico#3795', 'gardener#2745'],
  },
  {
    id: 'P5', title: 'A rule says "or" where "and" is meant', layer: 'policy', shows: [silence(PODS), { kinds: ['refused'], to: PODS }],
    tests: [rule('FL-POL-005'), { at: 'policy', refutes: ['allows'] }], proofs: [], fix: fixOf('FL-POL-005'), verify: '`fairlead policy explain` names the rule for the right pods.', source: ['kubernetes.io: network policies'],
  },
  {
    id: 'P6', title: 'A block of addresses is meant for pods or Services of the cluster', layer: 'policy', shows: [silence(REMOTE), { kinds: ['refused'], to: PODS }, namesLost],
    tests: [rule('FL-POL-006'), { at: 'policy', refutes: ['allows'] }], proofs: [], fix: fixOf('FL-POL-006'), verify: '`fairlead policy ask` says `allow`.', source: ['kubernetes.io: network policies, ipBlock'],
  },
  {
    id: 'P7', title: 'A HostEndpoint closes a node, and no policy opens it', layer: 'policy', shows: [silence(['node', 'api-server', 'pod', 'service', 'load-balancer'])],
    tests: [CALICO, rule('FL-POL-008')], proofs: [byRule('FL-POL-008')], fix: fixOf('FL-POL-008'), verify: 'The node is reached on the port.', source: ['docs.tigera.io: host endpoints'],
    belief: 'This is where "Calico denies by default" comes from: it is true of HostEndpoints, and of no pod.',
  },
  {
    id: 'P8', title: "K3s' policies lost their rules", layer: 'policy', shows: [], tests: [K3S_CONTROLLER, rule('FL-POL-015')], proofs: [byRule('FL-POL-015')], fix: fixOf('FL-POL-015'), verify: 'A connection that a policy denies is denied.', source: ['k3d#1513'],
  },
  {
    id: 'P9', title: 'The host drops by default what K3s\' policies let through', layer: 'policy', shows: [silence(['node', 'api-server', 'load-balancer', 'service'])],
    tests: [K3S_CONTROLLER, rule('FL-HOST-008')], proofs: [], fix: fixOf('FL-HOST-008'), verify: 'The port of the node is reached from a pod.', source: ['k3s#3258', 'k3s#7203'],
  },
];
