/**
 * What is kept of the values of K3s' and RKE2's charts (HelmChart, HelmChartConfig): the keys of networking that this
 * file names, and of those only values that are plainly addresses, ports, sizes or fixed words. Passwords stand in the
 * same documents. Keys are those of the charts that K3s and RKE2 bring along, and of MetalLB and Flannel.
 */
import { keepDocument } from '../../cluster/snapshot/base-catalogue.ts';
import { isRecord } from '../../cluster/fields.ts';
import { list, special, type Shape } from '../../cluster/snapshot/shape.ts';
import { isPlainValue, looksSecret } from '../../cluster/snapshot/values.ts';

const WORDS = new Set([
  'ClusterIP', 'NodePort', 'LoadBalancer', 'Local', 'Cluster', 'TCP', 'UDP', 'DaemonSet', 'Deployment', 'SingleStack', 'PreferDualStack', 'RequireDualStack', 'IPv4', 'IPv6',
  'true', 'false', 'strict', 'partial', 'disabled', 'probe', 'kubernetes', 'cluster-pool', 'multi-pool', 'crd', 'vxlan', 'geneve', 'tunnel', 'native', 'none', 'portmap', 'default', 'always', 'never', 'snat', 'dsr', 'hybrid', 'wireguard', 'ipsec',
  'Enabled', 'Disabled', 'BPF', 'Iptables', 'Nftables', 'VXLAN', 'VXLANCrossSubnet', 'IPIP', 'IPIPCrossSubnet', 'None', 'Calico', 'HostLocal', 'NodeInternalIP', 'host-gw', 'wireguard-native', 'bird',
]);
/** Network cards as Linux names them. */
const DEVICE = /^(eth|en|ens|eno|enp|bond|wlan|wlp|br|vlan)[a-z0-9.]{0,10}$/;

const keepLeaf = (device: boolean) => (value: unknown): unknown => {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value !== 'string' || looksSecret(value)) return undefined;
  return WORDS.has(value) || isPlainValue(value) || (device && DEVICE.test(value)) ? value : undefined;
};
const leaf = special(keepLeaf(false));
const device = special(keepLeaf(true));
const leaves = (names: string, rest: Readonly<Record<string, Shape>> = {}): Shape => ({ is: 'fields', of: { ...Object.fromEntries(names.split(' ').filter((name) => name !== '').map((name) => [name, leaf])), ...rest } });

/** Traefik calls its ports (`web`, `websecure`): names as Kubernetes allows them for ports. */
const ports: Shape = special((value) => {
  if (!isRecord(value)) return undefined;
  const kept = Object.entries(value).flatMap(([name, port]) => {
    if (!/^[a-z][a-z0-9-]{0,14}$/.test(name) || looksSecret(name) || !isRecord(port)) return [];
    const fields = ['port', 'exposedPort', 'hostPort', 'nodePort', 'containerPort', 'targetPort', 'protocol', 'hostIP', 'expose'].flatMap((field) => {
      const raw = port[field];
      const one = keepLeaf(false)(field === 'expose' && isRecord(raw) ? raw['default'] : raw);
      return one === undefined ? [] : [[field, one] as const];
    });
    return fields.length === 0 ? [] : [[name, Object.fromEntries(fields)] as const];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
});
/** Of load balancers; pools by their names are no addresses, and are not kept. */
const annotations = leaves('metallb.io/loadBalancerIPs metallb.universe.tf/loadBalancerIPs lbipam.cilium.io/ips io.cilium/lb-ipam-ips');
const service = leaves('enabled type clusterIP loadBalancerIP externalTrafficPolicy', {
  annotations, externalIPs: list(leaf), loadBalancerSourceRanges: list(leaf), clusterIPs: list(leaf), ipFamilies: list(leaf),
  spec: leaves('type clusterIP loadBalancerIP externalTrafficPolicy internalTrafficPolicy ipFamilyPolicy', { externalIPs: list(leaf), loadBalancerSourceRanges: list(leaf), ipFamilies: list(leaf) }),
});
const on = leaves('enabled');

const calicoNetwork = leaves('bgp hostPorts mtu linuxDataplane containerIPForwarding multiInterfaceMode', {
  ipPools: list(leaves('cidr encapsulation blockSize natOutgoing')), nodeAddressAutodetectionV4: leaves('firstFound kubernetes', { interface: device, cidrs: list(leaf) }),
});

const values = leaves('hostNetwork replicaCount MTU kubeProxyReplacement k8sServiceHost k8sServicePort tunnel tunnelProtocol tunnelPort routingMode ipv4NativeRoutingCIDR ipv6NativeRoutingCIDR autoDirectNodeRoutes policyEnforcementMode enableIPv4Masquerade enableIPv6Masquerade podCidr podCidrv6', {
  service, ports, devices: special((value) => (Array.isArray(value) ? value.map(keepLeaf(true)).filter((one) => one !== undefined) : keepLeaf(true)(value))),
  deployment: leaves('kind replicas'), loadBalancer: leaves('mode algorithm acceleration'),
  // Cilium.
  ipam: leaves('mode', { operator: leaves('clusterPoolIPv4PodCIDR clusterPoolIPv4MaskSize clusterPoolIPv6MaskSize', { clusterPoolIPv4PodCIDRList: special((value) => (Array.isArray(value) ? value.map(keepLeaf(false)).filter((one) => one !== undefined) : keepLeaf(false)(value))), clusterPoolIPv6PodCIDRList: list(leaf) }) }),
  cni: leaves('exclusive chainingMode customConf uninstall install type', { ipam: leaves('type') }),
  bpf: leaves('masquerade hostLegacyRouting lbExternalClusterIP'), encryption: leaves('enabled type nodeEncryption'),
  l2announcements: on, bgpControlPlane: on, externalIPs: on, hostPort: on, nodePort: leaves('enabled range'), socketLB: leaves('enabled hostNamespaceOnly'), ipv4: on, ipv6: on, endpointRoutes: on,
  operator: leaves('replicas', { unmanagedPodWatcher: leaves('restart intervalSeconds') }),
  // Calico's operator, Canal, Flannel, CoreDNS with node-local DNS, MetalLB.
  installation: leaves('enabled kubernetesProvider', { calicoNetwork, cni: leaves('type', { ipam: leaves('type') }) }),
  felixConfiguration: leaves('vxlanPort vxlanVNI wireguardEnabled bpfEnabled'),
  calico: leaves('vethuMTU networkingBackend masquerade'), flannel: leaves('backend mtu vni backendPort podCidr', { iface: device }),
  nodelocal: leaves('enabled ip_address ipvs nodelocal_dns_ip'), speaker: leaves('enabled', { frr: on }), frrk8s: on, controller: leaves('hostNetwork kind', { service }),
});

const keepYaml = keepDocument(values);

/** `valuesContent`: YAML. What is kept comes as JSON, which is YAML, too; undefined when nothing is. */
export function keepChartValues(text: unknown): string | undefined {
  const kept = typeof text === 'string' ? keepYaml(text) : undefined;
  return isRecord(kept) && hasLeaf(kept) ? JSON.stringify(kept) : undefined;
}

/** `set` of a HelmChart: values by dotted path, as `helm --set` takes them. Only those are kept that `valuesContent` may have, too. */
export function keepChartSet(set: unknown): Record<string, string | number | boolean> | undefined {
  if (!isRecord(set)) return undefined;
  const kept = Object.entries(set).slice(0, 500).flatMap(([path, value]) => {
    // A list's element says as much as the list; keys with dots in them are written with a backslash.
    const names = path.replace(/\[\d{1,3}\]$/, '').split(/(?<!\\)\./).map((name) => name.replaceAll('\\.', '.'));
    if (names.length > 8 || typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return [];
    const nested = names.reduceRight<unknown>((inner, name) => ({ [name]: inner }), path.endsWith(']') ? [value] : value);
    return keepChartValues(JSON.stringify(nested)) === undefined ? [] : [[path, value] as const];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function hasLeaf(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.values(value).some(hasLeaf) : value !== undefined;
}
