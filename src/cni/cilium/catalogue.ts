/** What a snapshot keeps of Cilium. */
import { keepPlain } from '../../cluster/snapshot/base-catalogue.ts';
import type { Catalogue, KindSpec } from '../../cluster/snapshot/catalogue.ts';
import { fields, list, str, special, tree, type Shape } from '../../cluster/snapshot/shape.ts';

/** HTTP rules name headers, and Kafka rules clients; they say nothing about addresses and ports. */
const ports = list(fields('', { ports: list(fields('port endPort# protocol')), serverNames: list(str) }));
const peers: Readonly<Record<string, Shape>> = { icmps: tree, toPorts: ports };
const ingress = list(fields('', { ...peers, fromEndpoints: tree, fromEntities: list(str), fromCIDR: list(str), fromCIDRSet: tree, fromNodes: tree, fromRequires: tree }));
const egress = list(fields('', { ...peers, toEndpoints: tree, toEntities: list(str), toCIDR: list(str), toCIDRSet: tree, toServices: tree, toFQDNs: tree, toNodes: tree, toRequires: tree }));
const rule = fields('description', { endpointSelector: tree, nodeSelector: tree, ingress, ingressDeny: ingress, egress, egressDeny: egress, enableDefaultDeny: fields('ingress egress') });
const policy = { spec: rule, specs: list(rule), status: fields('', { conditions: list(fields('type status message')) }) };

const kind = (name: string, versions: readonly string[], keep: KindSpec['keep']): KindSpec => ({ group: 'cilium.io', kind: name, versions, keep });

/** Settings of cilium-config that decide about packets; the others are not kept. */
const SETTINGS = new Set([
  'ipam', 'cluster-pool-ipv4-cidr', 'cluster-pool-ipv4-mask-size', 'cluster-pool-ipv6-cidr', 'cluster-pool-ipv6-mask-size', 'kube-proxy-replacement',
  'tunnel', 'tunnel-port', 'tunnel-protocol', 'routing-mode', 'auto-direct-node-routes', 'ipv4-native-routing-cidr', 'ipv6-native-routing-cidr', 'native-routing-cidr',
  'cni-exclusive', 'cni-chaining-mode', 'custom-cni-conf', 'write-cni-conf-when-ready', 'identity-allocation-mode',
  'enable-ipv4', 'enable-ipv6', 'enable-policy', 'enable-bpf-masquerade', 'enable-ipv4-masquerade', 'enable-ipv6-masquerade', 'enable-endpoint-routes', 'enable-host-legacy-routing',
  'enable-l2-announcements', 'enable-node-port', 'enable-external-ips', 'enable-host-port', 'enable-wireguard', 'enable-ipsec', 'enable-bgp-control-plane', 'enable-local-redirect-policy',
  'enable-session-affinity', 'enable-health-check-nodeport', 'enable-vtep', 'enable-xt-socket-fallback', 'enable-hubble',
  'bpf-lb-sock', 'bpf-lb-mode', 'bpf-lb-acceleration', 'bpf-map-dynamic-size-ratio', 'mtu', 'devices', 'direct-routing-device', 'policy-cidr-match-mode', 'policy-audit-mode',
  'cluster-id', 'k8s-service-host', 'k8s-service-port', 'unmanaged-pod-watcher-interval', 'node-port-range', 'node-port-bind-protection',
]);
const keepSetting = keepPlain(['kubernetes', 'cluster-pool', 'multi-pool', 'eni', 'azure', 'crd', 'strict', 'probe', 'partial', 'disabled', 'true', 'false', 'vxlan', 'geneve', 'tunnel', 'native', 'none', 'portmap', 'flannel', 'default', 'always', 'never', 'kvstore', 'snat', 'dsr', 'hybrid', 'nodes', 'disabled']);

export const CILIUM_CATALOGUE: Partial<Catalogue> = {
  kinds: [
    kind('CiliumNetworkPolicy', ['v2'], policy),
    kind('CiliumClusterwideNetworkPolicy', ['v2'], policy),
    kind('CiliumNode', ['v2'], {
      spec: fields('', { addresses: list(fields('type ip')), ipam: fields('', { podCIDRs: list(str) }), health: fields('ipv4') }),
      status: fields('', { ipam: fields('', { 'operator-status': fields('error') }) }),
    }),
    kind('CiliumEndpoint', ['v2'], { status: fields('state', { networking: fields('node', { addressing: list(fields('ipv4 ipv6')) }) }) }),
    // How many there are is what matters.
    kind('CiliumIdentity', ['v2'], {}),
    kind('CiliumNodeConfig', ['v2', 'v2alpha1'], { spec: fields('', { nodeSelector: tree, defaults: special((value) => keepSettings(value)) }) }),
    kind('CiliumLoadBalancerIPPool', ['v2', 'v2alpha1'], { spec: fields('disabled? allowFirstLastIPs?', { blocks: list(fields('cidr start stop')), cidrs: list(fields('cidr')), serviceSelector: tree }), status: fields('', { conditions: list(fields('type status reason message')) }) }),
    kind('CiliumL2AnnouncementPolicy', ['v2alpha1'], { spec: fields('externalIPs? loadBalancerIPs?', { interfaces: list(str), nodeSelector: tree, serviceSelector: tree }) }),
    kind('CiliumCIDRGroup', ['v2', 'v2alpha1'], { spec: fields('', { externalCIDRs: list(str) }) }),
  ],
  annotations: [{ name: /^(io|service)\.cilium(\.io)?\/(global|lb-ipam-ips|shared|global-service|lb-ipam-sharing-key)$/ }],
  env: [{ name: /^CILIUM_(MTU|TUNNEL_PORT|CLUSTER_POOL_IPV4_CIDR)$/ }],
  configMaps: [{ name: /^cilium-config$/, key: new RegExp(`^(${[...SETTINGS].join('|')})$`), keep: (text) => keepSetting(text) ?? (/^[a-z0-9+.,*-]{1,64}$/.test(text) && /^(eth|en|bond|wl|ens|eno)/.test(text) ? text : undefined) }],
};

function keepSettings(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const kept = Object.entries(value).flatMap(([key, text]: [string, unknown]) => {
    const one = SETTINGS.has(key) && typeof text === 'string' ? keepSetting(text) : undefined;
    return one === undefined ? [] : [[key, one] as const];
  });
  return Object.fromEntries(kept);
}
