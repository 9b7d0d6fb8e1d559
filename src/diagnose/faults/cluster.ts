/** Faults of the cluster's objects: Services, names, nodes. They are in no CNI. */
import { AT_SERVICE, fixOf, PODS, REMOTE, type Entry } from './parts.ts';
import { silence } from './fault.ts';

export const CLUSTER: readonly Entry[] = [
  {
    id: 'K1', name: 'service-without-endpoints', title: 'No ready pod is behind the Service', layer: 'configuration',
    shows: [{ kinds: ['refused', 'timeout', 'deadline'], to: ['service', 'load-balancer', 'dns'] }, { kinds: ['http'], words: /50[23]/ }, { kinds: ['name-timeout'], to: ['dns'] }],
    tests: [{ at: 'target', refutes: ['loopback', 'own-pod', 'pod', 'node', 'outside'] }, { at: 'endpoints', for: ['none-selected', 'none-ready', 'none-in-input', 'no-selector'], refutes: ['ready'] }, { at: 'service-port', refutes: ['missing', 'name-missing'] }],
    proofs: [[{ at: 'endpoints', is: ['none-selected', 'none-ready'] }, { at: 'service-port', is: ['there'] }]],
    belief: 'kube-proxy rejects connections to a Service without endpoints ("connection refused"): neither the CNI nor a policy has to do with it.',
    fix: [{ what: "Compare the Service's selector with the pods' labels, and see why the pods are not ready.", command: 'kubectl -n NAMESPACE get endpointslices -l kubernetes.io/service-name=SERVICE; kubectl -n NAMESPACE get pods --show-labels' }],
    verify: 'The EndpointSlices of the Service have ready addresses.', source: ['kubernetes.io: debug services', 'kube-proxy: KUBE-SERVICES REJECT "has no endpoints"'],
  },
  {
    id: 'K2', name: 'service-port-missing', title: 'The Service does not have the port', layer: 'configuration',
    shows: [{ kinds: ['refused', 'timeout', 'deadline', 'no-route', 'net-unreachable'], to: ['service', 'load-balancer', 'api-server', 'dns'] }],
    tests: [{ at: 'service-port', for: ['missing'], refutes: ['there', 'name-missing'] }],
    proofs: [[{ at: 'service-port', is: ['missing'] }]],
    belief: "A Service's address exists for its own ports alone: what is sent to another port is nobody's, and most often lost in silence.",
    fix: [{ what: "Dial a port of the Service (not the container's), or add the port.", command: 'kubectl -n NAMESPACE get service SERVICE -o wide' }], verify: 'The Service lists the port, and the client connects.', source: ['kubernetes.io: debug services'],
  },
  {
    id: 'K3', name: 'wrong-name', title: 'The name is not that of a Service', layer: 'configuration',
    // What no Service is called is asked of the servers outside, too: where these are not reached, nobody answers.
    shows: [{ kinds: ['name-unknown', 'name-timeout'] }],
    tests: [{ at: 'name', for: ['no-such-service', 'no-such-namespace', 'other-namespace', 'not-in-input'], refutes: ['service'], against: ['outside'] }],
    proofs: [[{ at: 'name', is: ['no-such-service', 'no-such-namespace', 'other-namespace'] }, { at: 'symptom', is: ['name-unknown'] }], [{ at: 'name', is: ['no-such-service', 'no-such-namespace', 'other-namespace'] }, { at: 'target', is: ['dns'] }, { at: 'connect-client', is: ['ok'] }]],
    belief: 'The DNS server was asked and answered: DNS and the way there work.',
    fix: [{ what: 'Write NAME.NAMESPACE for a Service of another namespace, or correct the name.', command: 'kubectl get services -A' }], verify: '`nslookup NAME` in the pod answers with an address.', source: ['kubernetes.io: DNS for Services and Pods'],
  },
  {
    id: 'K4', name: 'stale-address', title: 'The address is that of nothing in the cluster any more', layer: 'configuration',
    shows: [{ kinds: ['timeout', 'deadline', 'no-route', 'net-unreachable', 'refused'], to: ['nothing'] }],
    tests: [{ at: 'target', for: ['nothing'], refutes: ['loopback', 'own-pod', 'pod', 'service', 'api-server', 'dns', 'node', 'load-balancer', 'outside', 'name'] }],
    proofs: [],
    fix: [{ what: 'Dial the Service by its name: addresses of pods change with every restart, and those of a Service when it is made anew.' }], verify: 'The name resolves to an address that is in `kubectl get services,pods -A -o wide`.', source: ['kubernetes.io: Services'],
  },
  {
    id: 'K5', name: 'node-down', title: 'A node at one of the ends is not ready', layer: 'host',
    shows: [silence(REMOTE), { kinds: ['no-route', 'refused', 'reset'], to: REMOTE }, { kinds: ['name-timeout', 'closed'] }],
    tests: [{ at: 'nodes', for: ['not-ready'], refutes: ['ready'] }, { at: 'connect-nodes', for: ['timeout', 'no-route', 'refused'] }, { at: 'underlay-ping', for: ['lost'] }],
    proofs: [[{ at: 'nodes', is: ['not-ready'] }, { at: 'connect-nodes', is: ['timeout', 'no-route'] }, { at: 'underlay-ping', is: ['lost'] }, { at: 'connect-direct', is: ['timeout', 'no-route'] }, { at: 'placement', is: ['different'] }]],
    fix: [{ what: 'See why: the kubelet does not report, or the node is gone.', command: 'kubectl describe node NODE' }], verify: 'The node is Ready.', source: ['kubernetes.io: node conditions'],
  },
  {
    id: 'K6', name: 'unready-but-published', title: 'The pods at the other end are not ready', layer: 'application',
    shows: [{ kinds: ['refused', 'timeout', 'deadline', 'reset', 'closed'], to: PODS }, { kinds: ['http'], words: /50[23]|probe/i }],
    tests: [{ at: 'target-state', for: ['not-ready'], refutes: ['ready', 'crash-loop', 'oom-killed', 'starting', 'image', 'pending'] }], proofs: [],
    fix: [{ what: 'See what its readiness probe says.', command: 'kubectl -n NAMESPACE describe pod POD' }], verify: 'The pod is ready.', source: ['kubernetes.io: probes'],
  },
  {
    id: 'K7', name: 'service-rules-missing', title: "A node does not know the Service: kube-proxy does not follow", layer: 'service',
    shows: [silence(['service', 'api-server', 'dns']), { kinds: ['refused', 'no-route', 'net-unreachable'], to: ['service', 'api-server', 'dns'] }, { kinds: ['name-timeout'] }],
    tests: [{ at: 'endpoints', against: ['none-selected', 'none-ready'] }, { at: 'service-port', refutes: ['missing', 'name-missing'] }, { at: 'proxy', for: ['none'], refutes: ['cilium'] }, ...AT_SERVICE, { at: 'policy', against: ['denies'] }, { at: 'service-rules', for: ['missing', 'stale', 'mixed', 'none'], refutes: ['there'] }, { at: 'proxy-listens', for: ['no'] }],
    proofs: [[{ at: 'service-rules', is: ['missing', 'stale'] }, { at: 'endpoints', is: ['ready'] }, { at: 'connect-client', is: ['timeout', 'refused', 'no-route', 'net-unreachable'] }]],
    fix: [{ what: 'See whether kube-proxy (in K3s: the service itself) runs and reaches the API server.', command: 'iptables-save -t nat | grep CLUSTER_IP; ss -lnt sport = :10256' }], verify: 'The node has rules for the ClusterIP, and a connection to it is answered.', source: ['kubernetes.io: debug services, "Is kube-proxy working?"'],
  },
  {
    id: 'K8', name: 'route-missing', title: "The client's node has no route to the other pod", layer: 'cni',
    shows: [silence(PODS), { kinds: ['no-route', 'net-unreachable'], to: PODS }, { kinds: ['name-timeout'] }],
    tests: [{ at: 'route', for: ['missing', 'unreachable'], refutes: ['there', 'diverted'] }, { at: 'placement', refutes: ['same'] }, { at: 'connect-direct', for: ['timeout', 'no-route', 'net-unreachable'], refutes: ['ok', 'refused'] }],
    proofs: [[{ at: 'route', is: ['missing', 'unreachable'] }, { at: 'placement', is: ['different'] }, { at: 'policy', is: ['allows'] }]],
    fix: [{ what: "The CNI's agent makes the routes: see whether it runs on the node and what it says.", command: 'kubectl -n kube-system get pods -o wide | grep NODE; ip route get POD-IP' }], verify: '`ip route get POD-IP` on the node names the tunnel or the other node.', source: ['flannel: backend vxlan', 'calico: felix route_table'],
  },
  {
    id: 'K9', name: 'pod-without-namespace', title: 'The address is no longer on the node: the pod lost its network', layer: 'cni',
    shows: [silence(PODS), { kinds: ['no-route'], to: PODS }, { kinds: ['name-timeout'] }],
    tests: [{ at: 'target-namespace', for: ['not-there'], refutes: ['there'] }],
    proofs: [],
    fix: [{ what: 'Delete the pod, so that it is made anew; containers of it that remain on the node are shown by `crictl pods`.' }], verify: 'A network namespace on the node has the address.', source: ['cri-api: PodSandboxStatus'],
  },
  {
    id: 'K10', name: 'named-port', title: 'The port that the Service leads to has a name that the pods do not have', layer: 'configuration',
    shows: [{ kinds: ['refused', 'timeout', 'deadline'], to: ['service', 'load-balancer'] }],
    tests: [{ at: 'service-port', for: ['name-missing'], refutes: ['there', 'missing'] }], proofs: [[{ at: 'service-port', is: ['name-missing'] }]],
    fix: fixOf('FL-SVC-002'), verify: 'The EndpointSlice has the port.', source: ['kubernetes.io: Services, targetPort'],
  },
];
