/** Faults of what runs in pods: the network is innocent. */
import { AT_TARGET, fixOf, PODS, REMOTE, SELF, type Entry } from './parts.ts';

const LOGS = { what: 'See what it said last.', command: 'kubectl -n NAMESPACE logs POD -c CONTAINER --previous' };
const ENDED = ['starting', 'crash-loop', 'oom-killed', 'config-error', 'image'];
const NOT_NETWORK = "A refusal is an answer of the target's own kernel: it says that the packets arrived.";

export const WORKLOAD: readonly Entry[] = [
  {
    id: 'X3', title: 'Nobody listens on the port', layer: 'application',
    shows: [{ kinds: ['refused'], to: SELF }, { kinds: ['refused'], to: [...PODS, 'node'] }],
    tests: [
      { at: 'target', for: ['loopback', 'own-pod'] }, { at: 'listener', for: ['none'], against: ['there'], refutes: ['loopback-only', 'other-address'] }, { at: 'listener-later', for: ['yes'] }, { at: 'target-state', for: ENDED },
      { at: 'endpoints', refutes: ['none-selected', 'none-ready'] }, { at: 'service-port', refutes: ['missing', 'name-missing'] }, { at: 'policy', against: ['denies'] }, { at: 'capture:syn-reset-by-host', for: ['seen'] }, { at: 'capture:syn-rejected-by-icmp', against: ['seen'] },
      { at: 'rule:FL-SVC-003', for: ['here'] }, { at: 'rule:FL-ML-004', for: ['here'] }, ...AT_TARGET,
    ],
    proofs: [[{ at: 'listener', is: ['none'] }], [{ at: 'connect-inside', is: ['refused'] }], [{ at: 'target', is: SELF }, { at: 'listener-later', is: ['yes'] }], [{ at: 'target', is: SELF }, { at: 'target-state', is: ENDED }, { at: 'container-port', is: ['declared'] }]],
    belief: 'It is often blamed on the CNI ("Flannel blocks localhost"). It cannot be: connections to 127.0.0.1, 0.0.0.0 and to the pod\'s own address stay in the pod\'s network namespace, where no CNI and no NetworkPolicy looks at them. Somebody who blocked them would cause silence, and not a refusal; that port-forward works at another moment says that something listened at that moment.',
    fix: [{ what: 'Start what should listen, or correct the port; where it merely starts later, let the client wait and ask again.', command: 'kubectl -n NAMESPACE exec POD -c CONTAINER -- ss -lnt' }],
    verify: 'A process listens on the port: `ss -lnt` in the pod shows it, and the client connects.', source: ['faults X3, belief 1', 'kubernetes.io: a pod cannot block access to itself'],
  },
  {
    id: 'X4', title: 'The process listens on another address than it is asked at', layer: 'application',
    shows: [{ kinds: ['refused'], to: [...PODS, ...SELF] }],
    tests: [{ at: 'listener', for: ['loopback-only', 'other-address'], refutes: ['there', 'none'] }, { at: 'rule:FL-SVC-003', for: ['here'] }, { at: 'connect-inside', for: ['refused'], refutes: ['ok'] }, { at: 'connect-target-node', for: ['refused'], refutes: ['ok'] }, { at: 'policy', against: ['denies'] }],
    proofs: [[{ at: 'listener', is: ['loopback-only', 'other-address'] }]],
    belief: '`kubectl port-forward` and curl inside of the container work, so that it is taken for the network: both dial 127.0.0.1, where it does listen.',
    fix: fixOf('FL-SVC-003'), verify: '`ss -lnt` in the pod shows the port on 0.0.0.0, * or the pod\'s address.', source: ['faults X4'],
  },
  {
    id: 'W1', name: 'crash-loop', title: 'The application ends again and again', layer: 'application', caseOf: ['X3', 'K1', 'K6'],
    shows: [{ kinds: ['refused'], to: [...PODS, ...SELF] }, { kinds: ['reset', 'closed'], to: PODS }, { kinds: ['pod-state'], words: /CrashLoopBackOff|Back-off restarting/ }, { kinds: ['http'], words: /50[23]/ }],
    tests: [{ at: 'target-state', for: ['crash-loop'], refutes: ['ready', 'oom-killed'] }, { at: 'target-restarts', for: ['many', 'some'], refutes: ['none'] }, { at: 'listener', for: ['none'], refutes: ['there'] }, { at: 'container-port', for: ['declared'] }],
    proofs: [[{ at: 'target-state', is: ['crash-loop'] }, { at: 'listener', is: ['none'] }], [{ at: 'target-state', is: ['crash-loop'] }, { at: 'container-port', is: ['declared'] }], [{ at: 'says:W1', is: ['said'] }, { at: 'target-state', is: ['crash-loop'] }]],
    says: [/CrashLoopBackOff|Back-off restarting failed container/], belief: NOT_NETWORK,
    fix: [LOGS], verify: 'restartCount stays what it is, and the container is ready.', source: ['kubernetes.io: debug pods'],
  },
  {
    id: 'W2', name: 'out-of-memory', title: 'The application is killed because it uses up its memory', layer: 'application', caseOf: ['X3', 'K1', 'K6'],
    shows: [{ kinds: ['refused', 'reset', 'closed'], to: [...PODS, ...SELF] }, { kinds: ['pod-state'], words: /OOMKilled/ }, { kinds: ['http'], words: /50[23]/ }],
    tests: [{ at: 'target-state', for: ['oom-killed'], refutes: ['ready', 'crash-loop', 'image', 'pending'] }, { at: 'listener', refutes: ['there'] }],
    proofs: [[{ at: 'target-state', is: ['oom-killed'] }]], says: [/OOMKilled/],
    fix: [{ what: 'Give it more memory (resources.limits.memory), or let it use less.' }, LOGS], verify: 'The last state of the container is no longer OOMKilled, and its restartCount stays.', source: ['kubernetes.io: assign memory resources'],
  },
  {
    id: 'W3', name: 'slow-start', title: 'The application has not finished starting', layer: 'application', caseOf: ['X3', 'K1', 'K6'],
    shows: [{ kinds: ['refused'], to: [...PODS, ...SELF] }, { kinds: ['http'], words: /503|probe/i }, { kinds: ['timeout', 'deadline'], to: PODS }],
    tests: [{ at: 'target-state', for: ['starting'], refutes: ['ready', 'crash-loop', 'oom-killed', 'image', 'config-error', 'pending'] }, { at: 'listener', for: ['none'], refutes: ['there'] }, { at: 'listener-later', for: ['yes'] }],
    proofs: [[{ at: 'target-state', is: ['starting'] }, { at: 'listener', is: ['none'] }]],
    belief: 'Refusals in the first seconds of a pod are the order in which its containers start. A client that asks again needs no repair.',
    fix: [{ what: 'Wait, and let the client ask again; a startupProbe keeps traffic away until it is up.' }], verify: 'The pod becomes ready, and the refusals end without anything being changed.', source: ['faults S2, belief 1'],
  },
  {
    id: 'W4', name: 'image-missing', title: 'The image cannot be had', layer: 'configuration', caseOf: ['K1'],
    shows: [{ kinds: ['pod-state'], words: /Image|ErrImage/ }, { kinds: ['refused'], to: PODS }],
    tests: [{ at: 'target-state', for: ['image'], refutes: ['ready', 'crash-loop', 'oom-killed', 'starting', 'pending', 'not-ready'] }],
    proofs: [[{ at: 'target-state', is: ['image'] }]], says: [/ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName/],
    fix: [{ what: 'Correct the name of the image, or the secret that pulls it; the event of the pod has the reason.', command: 'kubectl -n NAMESPACE describe pod POD' }], verify: 'The container runs.', source: ['kubernetes.io: images'],
  },
  {
    id: 'W5', name: 'not-scheduled', title: 'No node has been found for the pod', layer: 'configuration', caseOf: ['K1'],
    shows: [{ kinds: ['pod-state'], words: /FailedScheduling|nodes are available|Evicted/ }, { kinds: ['refused', 'timeout'], to: PODS }],
    tests: [{ at: 'target-state', for: ['pending'], refutes: ['ready', 'crash-loop', 'oom-killed', 'starting', 'image', 'not-ready'] }],
    proofs: [[{ at: 'target-state', is: ['pending'] }]], says: [/FailedScheduling|0\/\d+ nodes are available/],
    fix: [{ what: 'The event FailedScheduling says what the nodes lack.', command: 'kubectl -n NAMESPACE describe pod POD' }], verify: 'The pod gets a node and runs.', source: ['kubernetes.io: pod scheduling'],
  },
  {
    id: 'W6', name: 'certificate', title: 'The certificate is not accepted', layer: 'configuration',
    shows: [{ kinds: ['certificate'] }], says: [/x509: |certificate (?:has expired|verify failed)|self[- ]signed certificate|PKIX path/i],
    tests: [{ at: 'says:W6', for: ['said'] }], proofs: [[{ at: 'says:W6', is: ['said'] }]],
    belief: 'TLS begins when the connection stands: whoever reads a certificate has reached the other end, so that the network works.',
    fix: [{ what: "Renew it, correct its names, or let the client trust its issuer; a clock that is wrong makes certificates expired or not yet valid.", command: 'openssl s_client -connect HOST:PORT -servername NAME </dev/null | openssl x509 -noout -dates -subject -issuer -ext subjectAltName' }],
    verify: '`openssl s_client` prints `Verify return code: 0 (ok)`.', source: ['Go: crypto/x509'],
  },
  {
    id: 'W7', name: 'wrong-protocol', title: 'Both ends speak different protocols', layer: 'configuration',
    shows: [{ kinds: ['tls', 'grpc'] }, { kinds: ['closed', 'reset'], to: [...REMOTE, ...SELF] }],
    says: [/first record does not look like a TLS handshake|server gave HTTP response to HTTPS client|HTTP request to an HTTPS server|wrong version number|error reading server preface|unexpected HTTP\/1|malformed HTTP response|frame too large/],
    tests: [{ at: 'says:W7', for: ['said'] }], proofs: [[{ at: 'says:W7', is: ['said'] }]],
    belief: 'Something answered: the network works.',
    fix: [{ what: 'Use TLS on both ends or on none, gRPC against gRPC ports, HTTP against HTTP ports.' }], verify: 'The same request with the right scheme is answered.', source: ['Go: crypto/tls, net/http'],
  },
  {
    id: 'W8', name: 'too-many-files', title: 'The process has used up its file descriptors', layer: 'application',
    shows: [{ kinds: ['too-many-files'] }], says: [/too many open files|\bEMFILE\b|\bENFILE\b/i],
    tests: [{ at: 'says:W8', for: ['said'] }], proofs: [[{ at: 'says:W8', is: ['said'] }]],
    belief: 'Each connection is a file descriptor: the kernel refuses to make one more, before any packet is sent.',
    fix: [{ what: 'Find what is not closed, or raise the limit.', command: 'ls /proc/PID/fd | wc -l; grep "open files" /proc/PID/limits' }], verify: 'The count stays well below the limit under load.', source: ['man 2 accept: EMFILE, ENFILE'],
  },
  {
    id: 'W9', name: 'no-local-port', title: 'The client has used up its local ports', layer: 'application',
    shows: [{ kinds: ['no-local-port'] }], says: [/cannot assign requested address|\bEADDRNOTAVAIL\b/i],
    tests: [{ at: 'says:W9', for: ['said'] }], proofs: [],
    fix: [{ what: 'Keep connections open and use them again; or the client wants to send from an address that the pod does not have.', command: 'ss -tan state time-wait | wc -l; sysctl net.ipv4.ip_local_port_range' }], verify: 'Few connections are in TIME-WAIT.', source: ['man 2 connect: EADDRNOTAVAIL'],
  },
  {
    id: 'W10', name: 'port-taken', title: 'Another process has the address already', layer: 'application',
    shows: [{ kinds: ['address-in-use'] }], says: [/address (?:is )?already in use|\bEADDRINUSE\b/i],
    tests: [{ at: 'says:W10', for: ['said'] }, { at: 'says:V3', refutes: ['said'] }], proofs: [[{ at: 'says:W10', is: ['said'] }]],
    fix: [{ what: 'Two containers of a pod share its ports, and pods of the host network those of the node: change one of them.', command: 'ss -lntp | grep PORT' }], verify: 'The process starts.', source: ['man 2 bind: EADDRINUSE'],
  },
  {
    id: 'W11', name: 'application-answers-error', title: 'The application answers, and its answer is an error', layer: 'application',
    shows: [{ kinds: ['http', 'grpc'] }, { kinds: ['reset', 'closed'], to: [...REMOTE, ...SELF] }],
    tests: [{ at: 'target-state', against: ['crash-loop', 'oom-killed'] }, { at: 'endpoints', against: ['none-ready', 'none-selected'] }, { at: 'says:W11', for: ['said'] }], says: [/^(?!.*sandbox).*(?:\b(?:500 Internal|401 Unauthorized|403 Forbidden|404 Not Found)|statuscode: (?:500|40[134])|status(?: code)?:? (?:500|40[134])|code = (?:Unimplemented|Unauthenticated|PermissionDenied|InvalidArgument|NotFound|Internal|Unknown)\b|StatusCode\.(?:UNIMPLEMENTED|UNAUTHENTICATED|PERMISSION_DENIED|NOT_FOUND|INTERNAL))/i],
    proofs: [[{ at: 'says:W11', is: ['said'] }]],
    belief: 'A status is an answer: the request went there and back.',
    fix: [{ what: "Look at the application's log at that time." }], verify: 'The request is answered without an error.', source: ['RFC 9110 §15', 'grpc.io: status codes'],
  },
  {
    id: 'W12', name: 'slow-answer', title: 'The application answers later than the client waits', layer: 'application',
    shows: [{ kinds: ['deadline'] }, { kinds: ['timeout'], phase: 'established' }],
    tests: [{ at: 'connect-client', for: ['ok'], refutes: ['timeout', 'no-route', 'net-unreachable'] }, { at: 'large-packets', for: ['fits'], against: ['lost', 'too-big'] }, { at: 'policy', against: ['denies'] }, { at: 'capture:zero-window', for: ['seen'] }, { at: 'capture:syn-unanswered', against: ['seen'] }, { at: 'capture:pmtu-black-hole', against: ['seen'] }],
    proofs: [],
    fix: [{ what: 'Compare how long the application takes with how long the client waits.' }], verify: 'The request takes less than the deadline.', source: ['Go: context'],
  },
  {
    id: 'W13', name: 'container-not-made', title: 'A container cannot be made: something that it needs is missing', layer: 'configuration', caseOf: ['K1'],
    shows: [{ kinds: ['pod-state'], words: /CreateContainer|RunContainer|FailedMount/ }, { kinds: ['refused'], to: PODS }],
    tests: [{ at: 'target-state', for: ['config-error'], refutes: ['ready', 'crash-loop', 'oom-killed', 'image', 'pending'] }],
    proofs: [[{ at: 'target-state', is: ['config-error'] }]], says: [/CreateContainerConfigError|CreateContainerError|RunContainerError|FailedMount/],
    fix: [{ what: 'The event of the pod says what is missing, most often a ConfigMap, a Secret or a volume.', command: 'kubectl -n NAMESPACE describe pod POD' }], verify: 'The container runs.', source: ['kubernetes.io: debug pods'],
  },
];
