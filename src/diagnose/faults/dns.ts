/** Faults of names and of connection tracking. */
import { fixOf, OWN_WORDS, REMOTE, type Entry } from './parts.ts';
import { namesLost, rule, silence } from './fault.ts';

export const DNS: readonly Entry[] = [
  {
    id: 'D3', title: 'CoreDNS asks itself and stops, or no DNS pod is ready', layer: 'dns', caseOf: ['K1'], shows: [namesLost, { kinds: ['refused', 'timeout'], to: ['dns'] }, { kinds: ['pod-state', 'component'], words: /CrashLoop|Loop \(/ }],
    says: [/Loop \(\S+ -> \S*:53\) detected for zone/],
    tests: [{ at: 'dns-servers', for: ['none-ready', 'none'], against: ['ready'] }, rule('FL-DNS-002'), rule('FL-DNS-003'), { at: 'says:D3', for: ['said'] }, { at: 'connect-dns', for: ['refused', 'timeout'], refutes: ['ok'] }],
    proofs: [[{ at: 'dns-servers', is: ['none-ready', 'none'] }], [{ at: 'says:D3', is: ['said'] }, { at: 'symptom', is: ['component', 'pod-state', 'name-timeout'] }]],
    fix: [...fixOf('FL-DNS-002'), ...fixOf('FL-DNS-003')], verify: 'The DNS pods are ready, and `nslookup kubernetes.default` is answered.', source: ['coredns.io/plugins/loop'],
  },
  {
    id: 'D1', title: 'Two lookups at once lose one in connection tracking', layer: 'dns', shows: [namesLost, { kinds: ['deadline'] }],
    tests: [rule('FL-DNS-006'), rule('FL-DNS-007'), { at: 'capture:dns-pair-lost', for: ['seen'] }, { at: 'proxy', refutes: ['cilium'] }, { at: 'dns-policy', against: ['denies'] }, { at: 'dns-servers', refutes: ['none', 'none-ready'] }],
    proofs: [[{ at: 'capture:dns-pair-lost', is: ['seen'] }]],
    fix: fixOf('FL-DNS-006'), verify: 'insert_failed of `conntrack -S` stays, and no lookup takes 5 s.', source: ['k8s#56903', 'weave#3287'],
  },
  {
    id: 'D2', title: 'A connection table entry leads to a DNS pod that is gone', layer: 'dns', shows: [namesLost, silence(['dns'])],
    // The entry is one of UDP: TCP to DNS works meanwhile, and so does a question from a port that has none.
    tests: [{ at: 'dns-servers', refutes: ['none', 'none-ready'] }, { at: 'connect-dns', for: ['ok'], refutes: ['timeout', 'no-route'] }, { at: 'connect-client', against: ['ok'] }, { at: 'dns-policy', refutes: ['denies'] }, { at: 'proxy', refutes: ['cilium'] }], proofs: [],
    fix: [{ what: 'Delete the entry, or be silent for two minutes.', command: 'conntrack -D -p udp --orig-port-dst 53' }], verify: '`conntrack -L -p udp --orig-port-dst 53` names DNS pods that exist.', source: ['k8s#125467'],
  },
  {
    id: 'D4', title: 'The table of connections is full', layer: 'host', shows: [silence(REMOTE), namesLost, { kinds: ['component'], words: /table full/ }, { kinds: ['reset'], to: REMOTE }], says: [/nf_conntrack: (?:nf_conntrack: )?table full, dropping packet/],
    tests: [{ at: 'conntrack', for: ['full'], against: ['ok'] }, { at: 'rule:FL-HOST-009', for: ['here', 'cluster'] }, { at: 'says:D4', for: ['said'] }], proofs: [[{ at: 'conntrack', is: ['full'] }], [{ at: 'says:D4', is: ['said'] }, OWN_WORDS]],
    fix: fixOf('FL-HOST-009'), verify: 'nf_conntrack_count is well below nf_conntrack_max.', source: ['k8s#18604', 'kubermatic#3026'],
  },
  {
    id: 'D5', name: 'outside-name', title: 'A name outside the cluster does not exist, or its servers are not reached', layer: 'dns', shows: [{ kinds: ['name-unknown', 'name-timeout'] }],
    tests: [{ at: 'name', for: ['outside'], refutes: ['service', 'other-namespace', 'no-such-service', 'no-such-namespace'] }, { at: 'dns-servers', refutes: ['none', 'none-ready'] }, { at: 'name-answer', for: ['no-such-name', 'server-failure'], against: ['answered'] }, { at: 'capture:dns-failure', for: ['seen'] }], proofs: [[{ at: 'name', is: ['outside'] }, { at: 'name-answer', is: ['no-such-name', 'server-failure'] }], [{ at: 'name', is: ['outside'] }, { at: 'name-answer', is: ['silent'] }, { at: 'target', is: ['dns'] }, { at: 'connect-client', is: ['ok'] }]],
    fix: [{ what: "Ask the upstream server of CoreDNS itself (the node's resolv.conf).", command: 'dig NAME @UPSTREAM' }], verify: 'The name resolves on a node.', source: ['coredns.io/plugins/forward'],
  },
];
