/** What a snapshot keeps of Calico: its kinds in both API groups, its operator, its settings. */
import { keepDocument, keepPlain } from '../../cluster/snapshot/base-catalogue.ts';
import type { Catalogue, KindSpec } from '../../cluster/snapshot/catalogue.ts';
import { fields, list, map, str, special, tree, type Shape } from '../../cluster/snapshot/shape.ts';

const rules = list(fields('action protocol notProtocol ipVersion', { source: tree, destination: tree, http: fields('', { methods: list(str) }), icmp: fields('type code#') }));
const policy = fields('order# tier selector namespaceSelector serviceAccountSelector doNotTrack? preDNAT? applyOnForward?', { types: list(str), ingress: rules, egress: rules });
const told = list(fields('type status reason message lastTransitionTime'));
/** Of a block's 64 or more entries only how many are in use matters. */
const allocations: Shape = special((value) => (Array.isArray(value) ? value.filter((one) => one !== null).length : typeof value === 'number' ? value : undefined));

const both = (kind: string, spec: Shape): KindSpec[] => [
  { group: 'crd.projectcalico.org', kind, versions: ['v1'], keep: { spec } },
  { group: 'projectcalico.org', kind, versions: ['v3'], keep: { spec } },
];
/** Served as projectcalico.org/v3 as well, from the same objects: a live cluster is asked for one of them. */
const own = (kind: string, spec: Shape): KindSpec[] => both(kind, spec).map((one) => (one.group === 'projectcalico.org' ? { ...one, versions: [] } : one));

/** FelixConfiguration has some two hundred settings; these decide about packets. */
const felix = fields(
  'bpfEnabled? bpfExternalServiceMode bpfKubeProxyIptablesCleanupEnabled? chainInsertMode defaultEndpointToHostAction floatingIPs genericXDPEnabled? iptablesBackend iptablesFilterAllowAction iptablesMangleAllowAction ' +
  'iptablesRefreshInterval ipipEnabled? ipipMTU# ipv6Support? interfaceExclude interfacePrefix logSeverityScreen mtuIfacePattern natOutgoingAddress natPortRange nftablesMode routeRefreshInterval routeSource serviceLoopPrevention ' +
  'removeExternalRoutes? vxlanEnabled? vxlanMTU# vxlanPort# vxlanVNI# wireguardEnabled? wireguardEnabledV6? wireguardMTU# wireguardListeningPort# featureDetectOverride reportingInterval healthPort# prometheusMetricsEnabled? prometheusMetricsPort# endpointStatusPathPrefix',
  { externalNodesList: list(str), kubeNodePortRanges: list(str), failsafeInboundHostPorts: tree, failsafeOutboundHostPorts: tree, routeTableRange: tree, routeTableRanges: tree },
);
const ipPool = fields('cidr blockSize# ipipMode vxlanMode natOutgoing? disabled? nodeSelector disableBGPExport? assignmentMode namespaceSelector', { allowedUses: list(str) });

const installation = fields('variant cni registry kubernetesProvider typhaMetricsPort# flexVolumePath nonPrivileged?', {
  calicoNetwork: fields('bgp hostPorts mtu# linuxDataplane multiInterfaceMode containerIPForwarding windowsDataplane linuxPolicySetupTimeoutSeconds#', {
    ipPools: list(fields('name cidr encapsulation natOutgoing? blockSize# nodeSelector disableBGPExport? assignmentMode')), nodeAddressAutodetectionV4: tree, nodeAddressAutodetectionV6: tree,
  }),
  cni: fields('type binDir confDir', { ipam: fields('type') }),
  serviceCIDRs: list(str),
});

const words = ['true', 'false', 'Always', 'CrossSubnet', 'Never', 'bird', 'vxlan', 'none', 'kubernetes', 'auto', 'Auto', 'NFT', 'Legacy', 'ACCEPT', 'DROP', 'RETURN', 'Append', 'Insert', 'kubernetes-internal-ip', 'first-found', 'autodetect', 'k8s,bgp', 'cali', 'DoNothing', 'Enabled', 'Disabled', '10-calico.conflist'];

export const CALICO_CATALOGUE: Partial<Catalogue> = {
  kinds: [
    ...own('IPPool', ipPool),
    ...own('FelixConfiguration', felix),
    ...own('HostEndpoint', fields('node interfaceName', { expectedIPs: list(str), profiles: list(str), ports: tree })),
    ...own('GlobalNetworkPolicy', policy),
    ...own('NetworkPolicy', policy),
    ...own('StagedNetworkPolicy', policy), ...own('StagedGlobalNetworkPolicy', policy), ...own('StagedKubernetesNetworkPolicy', tree),
    ...own('GlobalNetworkSet', fields('', { nets: list(str) })),
    ...own('NetworkSet', fields('', { nets: list(str) })),
    ...own('Tier', fields('order# defaultAction')),
    ...own('BGPConfiguration', fields('asNumber# nodeToNodeMeshEnabled? listenPort# bindMode', { serviceClusterIPs: list(fields('cidr')), serviceExternalIPs: list(fields('cidr')), serviceLoadBalancerIPs: list(fields('cidr')), communities: tree, prefixAdvertisements: tree })),
    ...own('BGPPeer', fields('node peerIP asNumber# nodeSelector peerSelector sourceAddress keepOriginalNextHop?')),
    ...own('IPReservation', fields('', { reservedCIDRs: list(str) })),
    ...own('ClusterInformation', fields('calicoVersion clusterType datastoreReady? variant')),
    ...own('KubeControllersConfiguration', fields('', { controllers: fields('', { node: tree, loadBalancer: tree, policy: tree, workloadEndpoint: tree, namespace: tree, serviceAccount: tree }) })),
    { group: 'crd.projectcalico.org', kind: 'IPAMBlock', versions: ['v1'], keep: { spec: fields('cidr affinity strictAffinity? deleted?', { allocations }) } },
    { group: 'crd.projectcalico.org', kind: 'BlockAffinity', versions: ['v1'], keep: { spec: fields('cidr node state deleted? type') } },
    { group: 'crd.projectcalico.org', kind: 'IPAMConfig', versions: ['v1'], keep: { spec: fields('strictAffinity? autoAllocateBlocks? maxBlocksPerHost#') } },
    { group: 'operator.tigera.io', kind: 'Installation', versions: ['v1'], keep: { spec: installation, status: fields('variant mtu# calicoVersion', { conditions: told }) } },
    { group: 'operator.tigera.io', kind: 'TigeraStatus', versions: ['v1'], keep: { status: fields('', { conditions: told }) } },
    { group: 'operator.tigera.io', kind: 'APIServer', versions: ['v1'], keep: { status: fields('state', { conditions: told }) } },
  ],
  annotations: [
    { name: /^projectcalico\.org\/(IPv[46]Address|IPv4IPIPTunnelAddr|IPv[46]VXLANTunnelAddr|IPv[46]WireguardInterfaceAddr|ASNumber|RouteReflectorClusterID)$/, keep: keepPlain() },
    { name: /^cni\.projectcalico\.org\/(podIPs?|ipAddrs|ipv[46]pools|floatingIPs)$/ },
    { name: /^cni\.projectcalico\.org\/allowedSourcePrefixes$/ },
    { name: /^projectcalico\.org\/(ipv[46]pools|loadBalancerIPs|natOutgoing|metadata)$/, keep: (raw) => (raw.length < 512 && /^[\w\s[\]"./:,-]*$/.test(raw) ? raw : undefined) },
  ],
  env: [
    { name: /^(CALICO|FELIX|IP|IP6|CNI|TYPHA|BGP)_[A-Z0-9_]+$/, words },
    { name: /^(IP|IP6|CLUSTER_TYPE|DATASTORE_TYPE|AS|ENABLED_CONTROLLERS|USE_POD_CIDR|NO_DEFAULT_POOLS)$/, words },
  ],
  configMaps: [
    { name: /^(calico|canal)-config$/, key: /^(veth_mtu|typha_service_name|calico_backend|canal_iface|masquerade)$/, keep: keepPlain([...words, 'calico-typha']) },
    {
      name: /^(calico|canal)-config$/, key: /^cni_network_config$/,
      // Has placeholders that are no JSON (`"mtu": __CNI_MTU__`).
      keep: (raw) => keepDocument(fields('name cniVersion type', { plugins: list(fields('type mtu#', { ipam: fields('type subnet'), policy: fields('type'), capabilities: map(str) })) }))(raw.replace(/:\s*__\w+__/g, ': null')),
    },
  ],
};
