/** What is kept of the kinds of networking, of nodes, and of what else decides about a change: none of them belongs to one CNI. */
import type { KindSpec } from './catalogue.ts';
import { env, fields, labelSelector, list, map, special, str, tree } from './shape.ts';
import { looksSecret } from './values.ts';

const ports = list(fields('name port# targetPort* nodePort# protocol appProtocol'));
/** With the message: it is where controllers say what they cannot do. */
const told = list(fields('type status reason message lastTransitionTime'));

/** Reasons of events that tell of pod networking, addresses and load balancers. Other events are dropped. */
const EVENT_REASONS: ReadonlySet<string> = new Set([
  'FailedCreatePodSandBox', 'FailedKillPod', 'NetworkNotReady', 'CIDRNotAvailable', 'CIDRAssignmentFailed', 'AllocationFailed', 'IPAllocated', 'nodeAssigned',
  'ClearAllocation', 'SyncLoadBalancerFailed', 'FailedToUpdateEndpointSlices', 'DNSConfigForming', 'FailedToCreateEndpoint', 'Unhealthy',
]);

const message = special((value) => (typeof value === 'string' && !looksSecret(value) ? value.slice(0, 600) : undefined));
const webhook = fields('name failurePolicy timeoutSeconds#', {
  clientConfig: fields('', { service: fields('namespace name port#') }),
  rules: list(fields('scope', { apiGroups: list(str), apiVersions: list(str), operations: list(str), resources: list(str) })), namespaceSelector: labelSelector, objectSelector: labelSelector,
});
const announced = { ipAddressPools: list(str), ipAddressPoolSelectors: list(labelSelector), nodeSelectors: list(labelSelector) };
const peer = fields('', { podSelector: labelSelector, namespaceSelector: labelSelector, ipBlock: fields('cidr', { except: list(str) }) });
const route = fields('', { hostnames: list(str), parentRefs: list(fields('group kind namespace name sectionName port#')), rules: list(fields('', { backendRefs: list(fields('group kind namespace name port# weight#')) })) });
const kind = (group: string, name: string, versions: readonly string[], keep: KindSpec['keep'] = {}): KindSpec => ({ group, kind: name, versions, keep });
const spec = (group: string, name: string, versions: readonly string[]): KindSpec => kind(group, name, versions, { spec: tree, status: fields('', { conditions: told }) });

export const NETWORK_KINDS: readonly KindSpec[] = [
  kind('', 'Node', ['v1'], {
    spec: fields('podCIDR unschedulable? providerID', { podCIDRs: list(str), taints: list(fields('key value effect')) }),
    status: fields('', {
      addresses: list(fields('type address')),
      conditions: told,
      capacity: fields('pods'), allocatable: fields('pods'),
      nodeInfo: fields('kubeletVersion kubeProxyVersion osImage kernelVersion containerRuntimeVersion architecture operatingSystem bootID'),
    }),
  }),
  kind('', 'Namespace', ['v1'], { status: fields('phase') }),
  kind('', 'Service', ['v1'], {
    spec: fields('type clusterIP externalName externalTrafficPolicy internalTrafficPolicy loadBalancerIP loadBalancerClass healthCheckNodePort# publishNotReadyAddresses? sessionAffinity ipFamilyPolicy allocateLoadBalancerNodePorts? trafficDistribution', {
      clusterIPs: list(str), externalIPs: list(str), loadBalancerSourceRanges: list(str), ipFamilies: list(str), selector: map(str), ports,
    }),
    status: fields('', { loadBalancer: fields('', { ingress: list(fields('ip hostname ipMode')) }), conditions: told }),
  }),
  kind('', 'Endpoints', ['v1'], {
    subsets: list(fields('', { addresses: list(fields('ip nodeName', { targetRef: fields('kind namespace name') })), notReadyAddresses: list(fields('ip nodeName', { targetRef: fields('kind namespace name') })), ports })),
  }),
  kind('discovery.k8s.io', 'EndpointSlice', ['v1'], {
    addressType: str,
    endpoints: list(fields('nodeName zone', { addresses: list(str), conditions: fields('ready? serving? terminating?'), targetRef: fields('kind namespace name') })),
    ports,
  }),
  // Only its labels, by which policies select.
  kind('', 'ServiceAccount', ['v1']),
  // Its data goes by the catalogue's list of keys; see redact.ts.
  kind('', 'ConfigMap', ['v1']),
  {
    ...kind('', 'Event', ['v1'], { reason: str, message, type: str, count: str, lastTimestamp: str, involvedObject: fields('kind namespace name'), source: fields('component host') }),
    when: ({ reason }) => typeof reason === 'string' && EVENT_REASONS.has(reason),
  },
  kind('', 'PersistentVolume', ['v1'], {
    spec: fields('storageClassName volumeMode', { accessModes: list(str), claimRef: fields('namespace name'), local: fields('path'), hostPath: fields('path'), nodeAffinity: tree, csi: fields('driver') }),
    status: fields('phase'),
  }),
  kind('', 'PersistentVolumeClaim', ['v1'], { spec: fields('storageClassName volumeName', { accessModes: list(str) }), status: fields('phase') }),
  kind('storage.k8s.io', 'StorageClass', ['v1'], { provisioner: str, volumeBindingMode: str, reclaimPolicy: str }),
  kind('networking.k8s.io', 'NetworkPolicy', ['v1'], {
    spec: fields('', {
      podSelector: labelSelector, policyTypes: list(str),
      ingress: list(fields('', { from: list(peer), ports: list(fields('port* endPort# protocol')) })),
      egress: list(fields('', { to: list(peer), ports: list(fields('port* endPort# protocol')) })),
    }),
  }),
  kind('networking.k8s.io', 'Ingress', ['v1'], { spec: fields('ingressClassName', { rules: tree, defaultBackend: tree }), status: fields('', { loadBalancer: fields('', { ingress: list(fields('ip hostname')) }) }) }),
  kind('networking.k8s.io', 'IngressClass', ['v1'], { spec: fields('controller?') }),
  kind('networking.k8s.io', 'ServiceCIDR', ['v1', 'v1beta1'], { spec: fields('', { cidrs: list(str) }) }),
  spec('policy.networking.k8s.io', 'AdminNetworkPolicy', ['v1alpha1']),
  spec('policy.networking.k8s.io', 'BaselineAdminNetworkPolicy', ['v1alpha1']),
  spec('policy.networking.k8s.io', 'ClusterNetworkPolicy', ['v1alpha2']),
  spec('gateway.networking.k8s.io', 'GatewayClass', ['v1', 'v1beta1']),
  kind('gateway.networking.k8s.io', 'Gateway', ['v1', 'v1beta1'], { spec: fields('gatewayClassName', { listeners: list(fields('name port# protocol hostname', { allowedRoutes: tree })), addresses: list(fields('type value')) }), status: fields('', { addresses: list(fields('type value')), conditions: told }) }),
  // Without matches and filters: headers stand there.
  kind('gateway.networking.k8s.io', 'HTTPRoute', ['v1', 'v1beta1'], { spec: route }),
  kind('gateway.networking.k8s.io', 'GRPCRoute', ['v1'], { spec: route }),
  kind('gateway.networking.k8s.io', 'TCPRoute', ['v1', 'v1alpha2'], { spec: route }),
  kind('gateway.networking.k8s.io', 'TLSRoute', ['v1', 'v1alpha3', 'v1alpha2'], { spec: route }),
  spec('gateway.networking.k8s.io', 'ReferenceGrant', ['v1beta1']),
  kind('admissionregistration.k8s.io', 'ValidatingWebhookConfiguration', ['v1'], { webhooks: list(webhook) }),
  kind('admissionregistration.k8s.io', 'MutatingWebhookConfiguration', ['v1'], { webhooks: list(webhook) }),
  kind('apiregistration.k8s.io', 'APIService', ['v1'], { spec: fields('group version', { service: fields('namespace name port#') }), status: fields('', { conditions: told }) }),
  kind('apiextensions.k8s.io', 'CustomResourceDefinition', ['v1'], { spec: fields('group scope', { names: fields('kind plural') }), status: fields('', { conditions: list(fields('type status')) }) }),
  kind('metallb.io', 'IPAddressPool', ['v1beta1'], { spec: fields('autoAssign? avoidBuggyIPs?', { addresses: list(str), serviceAllocation: fields('priority#', { namespaces: list(str), namespaceSelectors: list(labelSelector), serviceSelectors: list(labelSelector) }) }) }),
  kind('metallb.io', 'L2Advertisement', ['v1beta1'], { spec: fields('', { ...announced, interfaces: list(str) }) }),
  kind('metallb.io', 'BGPAdvertisement', ['v1beta1'], { spec: fields('aggregationLength# aggregationLengthV6# localPref#', { ...announced, peers: list(str), communities: list(str) }) }),
  kind('metallb.io', 'BGPPeer', ['v1beta2', 'v1beta1'], { spec: fields('myASN# peerASN# peerAddress peerPort# sourceAddress routerID holdTime keepaliveTime ebgpMultiHop# bfdProfile', { nodeSelectors: tree }) }),
  kind('metallb.io', 'ServiceL2Status', ['v1beta1'], { status: fields('node serviceName serviceNamespace', { interfaces: list(fields('name')) }) }),
  kind('mlops.seldon.io', 'Server', ['v1alpha1'], { spec: fields('serverConfig replicas#', { capabilities: list(str), extraCapabilities: list(str) }), status: fields('replicas# loadedModels# selector', { conditions: told }) }),
  kind('mlops.seldon.io', 'Model', ['v1alpha1'], { spec: fields('server replicas# minReplicas#', { requirements: list(str) }), status: fields('replicas#', { conditions: told }) }),
  kind('mlops.seldon.io', 'Pipeline', ['v1alpha1'], { status: fields('', { conditions: told }) }),
  kind('mlops.seldon.io', 'Experiment', ['v1alpha1'], { status: fields('', { conditions: told }) }),
  kind('mlops.seldon.io', 'SeldonRuntime', ['v1alpha1'], { spec: fields('seldonConfig', { overrides: list(fields('name replicas# disable?')) }), status: fields('', { conditions: told }) }),
  kind('mlops.seldon.io', 'ServerConfig', ['v1alpha1'], { spec: fields('', { podSpec: fields('', { containers: list(fields('name', { ports: list(fields('name containerPort# protocol')), env })) }) }) }),
  kind('mlops.seldon.io', 'SeldonConfig', ['v1alpha1'], { spec: fields('', { components: list(fields('name replicas#', { podSpec: fields('', { containers: list(fields('name', { ports: list(fields('name containerPort# protocol')), env })) }) })) }) }),
  kind('argoproj.io', 'Workflow', ['v1alpha1'], { status: fields('phase startedAt finishedAt') }),
  kind('argoproj.io', 'CronWorkflow', ['v1alpha1'], { spec: fields('schedule suspend?') }),
  kind('argoproj.io', 'Application', ['v1alpha1'], {
    spec: fields('project', { destination: fields('namespace name'), syncPolicy: fields('', { automated: fields('prune? selfHeal?') }), source: fields('path chart targetRevision') }),
    status: fields('', { resources: list(fields('group kind namespace name')), sync: fields('status') }),
  }),
  kind('kustomize.toolkit.fluxcd.io', 'Kustomization', ['v1'], { spec: fields('path suspend? targetNamespace prune?') }),
  kind('helm.toolkit.fluxcd.io', 'HelmRelease', ['v2'], { spec: fields('suspend? targetNamespace releaseName', { chart: fields('', { spec: fields('chart version') }) }) }),
  kind('monitoring.coreos.com', 'ServiceMonitor', ['v1'], { spec: fields('', { selector: labelSelector, namespaceSelector: fields('any?', { matchNames: list(str) }), endpoints: list(fields('port targetPort* path scheme interval')) }) }),
  kind('monitoring.coreos.com', 'PodMonitor', ['v1'], { spec: fields('', { selector: labelSelector, namespaceSelector: fields('any?', { matchNames: list(str) }), podMetricsEndpoints: list(fields('port targetPort* path scheme interval')) }) }),
];

/** Kinds of which nothing but the name would be left, and the name is not needed: never read, listed as such. */
export const NEVER_READ: ReadonlySet<string> = new Set(['Secret', 'TokenReview', 'TokenRequest', 'CertificateSigningRequest']);

