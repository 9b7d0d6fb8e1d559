/** Faults of Seldon Core v2, which are taken for the network's. */
import { fixOf, PODS, SELF, type Entry } from './parts.ts';
import { byRule, rule, silence } from './fault.ts';

export const SELDON: readonly Entry[] = [
  {
    id: 'S2', title: 'The inference server in the pod is not up', layer: 'application', caseOf: ['X3', 'K1', 'W1', 'W2', 'W3'], shows: [{ kinds: ['refused'], to: SELF }, { kinds: ['pod-state'] }], says: [/Waiting for Inference Server service to become ready/],
    tests: [rule('FL-ML-004'), rule('FL-ML-002'), { at: 'listener', for: ['none'], against: ['there'] }, { at: 'listener-later', for: ['yes'] }, { at: 'says:S2', for: ['said'] }, { at: 'target-state', for: ['crash-loop', 'starting', 'oom-killed'] }],
    proofs: [byRule('FL-ML-004', { at: 'target', is: SELF }), byRule('FL-ML-002', { at: 'target', is: SELF }), [{ at: 'says:S2', is: ['said'] }, { at: 'listener', is: ['none'] }], [{ at: 'says:S2', is: ['said'] }, { at: 'listener-later', is: ['yes'] }]],
    belief: 'For the first seconds of a pod this is the order in which its containers start: the agent asks again for 15 minutes. It stays only where MLServer never comes up, or listens on another port.', fix: fixOf('FL-ML-004'), verify: 'The log of the server says `gRPC server running`, and the agent no longer waits.', source: ['faults S2', 'seldon-core: scheduler/cmd/agent/cli/cli.go'],
  },
  { id: 'S1', title: "Seldon's agent dials the scheduler's API instead of the port for agents", layer: 'configuration', shows: [silence(PODS), { kinds: ['refused', 'closed', 'reset', 'grpc', 'tls'] }], tests: [rule('FL-ML-001'), { at: 'target', refutes: ['loopback', 'own-pod'] }], proofs: [], fix: fixOf('FL-ML-001'), verify: 'The scheduler lists the server.', source: ['seldon-core: k8s/yaml/components.yaml'] },
  { id: 'S4', title: 'Policies cut connections that Seldon Core needs', layer: 'policy', shows: [silence(PODS)], tests: [rule('FL-ML-003'), { at: 'policy', for: ['denies', 'denies-pods'], refutes: ['allows'] }], proofs: [], fix: fixOf('FL-ML-003'), verify: '`fairlead audit --only FL-ML-003` finds nothing.', source: ['seldon-core: k8s/yaml/components.yaml'] },
  { id: 'S3', title: 'Models find no server', layer: 'configuration', shows: [{ kinds: ['component'], words: /no matching servers|Empty server for/ }, { kinds: ['http', 'grpc'] }], says: [/no matching servers are available|Empty server for \S+ so ignoring event/], tests: [rule('FL-ML-005'), { at: 'says:S3', for: ['said'] }], proofs: [[{ at: 'says:S3', is: ['said'] }]], fix: fixOf('FL-ML-005'), verify: 'The model is ready.', source: ['faults S3'] },
  { id: 'S5', title: 'SELDON_SERVER_HOST is ignored', layer: 'configuration', shows: [{ kinds: ['refused'], to: SELF }], tests: [rule('FL-ML-008')], proofs: [], belief: '0.0.0.0 as a destination is the host itself on Linux: `0.0.0.0:9500 refused` and `127.0.0.1:9500 refused` say the same, so that setting another host changes nothing.', fix: fixOf('FL-ML-008'), verify: 'The server listens on the port.', source: ['SeldonIO/seldon-core#6582'] },
];
