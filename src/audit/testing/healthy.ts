/** Healthy clusters of every CNI, as snapshots show them: written after K3s 1.33, kubeadm 1.33, Flannel 0.28, Calico 3.31 and Cilium 1.18 with their defaults. */
import { addressPool, calicoNode, ciliumAgent, configMap, filterTable, flannelAnnotations, flannelDaemonSet, host, ipamBlock, ipPool, l2Advertisement, link, node, object, pod, policy, route, service, vxlanLink, workload } from '../examples.ts';
import type { Example } from '../rule.ts';

type Value = Readonly<Record<string, unknown>>;
type Flavour = 'k3s-flannel' | 'k3s-calico' | 'kubeadm-flannel' | 'kubeadm-calico' | 'kubeadm-cilium';
export const FLAVOURS: readonly Flavour[] = ['k3s-flannel', 'k3s-calico', 'kubeadm-flannel', 'kubeadm-calico', 'kubeadm-cilium'];

const NODES = [1, 2, 3];
const HA: Value = { 'node-role.kubernetes.io/control-plane': '' };

/** Everything of one flavour: three nodes that all are servers, a shop with policies, monitoring, a load balancer. */
export function healthy(flavour: Flavour): Example {
  const [distribution, cni] = flavour.split('-') as ['k3s' | 'kubeadm', 'flannel' | 'calico' | 'cilium'];
  const base = distribution === 'k3s' ? '10.42' : '10.244';
  const services = distribution === 'k3s' ? '10.43' : '10.96';
  const calico = cni === 'calico';
  const annotated = (ip: string): Value => (calico ? { 'cni.projectcalico.org/podIP': `${ip}/32`, 'cni.projectcalico.org/podIPs': `${ip}/32` } : {});
  const ip = (at: number, n: number): string => `${base}.${at}.${n}`;
  const nodeName = (at: number): string => `n${at}`;
  const args = ['--disable', 'servicelb', ...(cni === 'flannel' ? [] : ['--flannel-backend', 'none', '--disable-network-policy'])];
  const mac = (at: number): string => `02:00:00:00:00:0${at}`;
  const address = (at: number): string => `192.168.10.1${at}`;

  const nodes = NODES.map((at) => node(nodeName(at), {
    podCIDR: `${base}.${at}.0/24`, address: address(at), labels: HA, ...(distribution === 'k3s' ? { args } : {}), status: { allocatable: { pods: '110' }, nodeInfo: { kubeletVersion: distribution === 'k3s' ? 'v1.33.4+k3s1' : 'v1.33.4', kernelVersion: '6.1.0-21-amd64' } },
    annotations: { ...(cni === 'flannel' ? flannelAnnotations(address(at), mac(at)) : {}), ...(calico ? { 'projectcalico.org/IPv4Address': `${address(at)}/24` } : {}) },
  }));
  const running = (name: string, at: number, n: number, more: Parameters<typeof pod>[1] = {}): Value => pod(name, { node: nodeName(at), ip: ip(at, n), annotations: annotated(ip(at, n)), ...more });
  const listening: [string, { protocol: 'tcp' | 'udp'; address: string; port: number; process: string }[]][] = [];
  const app = (name: string, port: number, namespace: string, more: Value = {}): Value[] => NODES.slice(0, 2).map((at) => {
    const own = 20 + port % 50 + name.length;
    listening.push([ip(at, own), [{ protocol: 'tcp', address: '*', port, process: name }]]);
    return running(`${name}-${at}`, at, own, { namespace, labels: { app: name }, containers: [{ name, image: `${name}:1`, ports: [{ name: 'http', containerPort: port }] }], ...more });
  });
  const dns = NODES.slice(0, 2).map((at) => {
    listening.push([ip(at, 5), [{ protocol: 'udp', address: '*', port: 53, process: 'coredns' }, { protocol: 'tcp', address: '*', port: 53, process: 'coredns' }]]);
    return running(`coredns-${at}`, at, 5, { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' }, containers: [{ name: 'coredns', image: 'coredns:1.12', ports: [{ name: 'dns', containerPort: 53, protocol: 'UDP' }, { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' }] }] });
  });
  const apps = [...app('web', 8080, 'shop'), ...app('db', 5432, 'shop'), ...app('prometheus', 9090, 'monitoring')];

  const cniObjects: Record<typeof cni, Value[]> = {
    flannel: distribution === 'k3s' ? [] : [flannelDaemonSet(), configMap('kube-flannel-cfg', { 'net-conf.json': `{"Network":"${base}.0.0/16","EnableNFTables":false,"Backend":{"Type":"vxlan"}}` }, 'kube-flannel')],
    calico: [calicoNode([{ name: 'CALICO_IPV4POOL_CIDR', value: `${base}.0.0/16` }, { name: 'IP_AUTODETECTION_METHOD', value: 'kubernetes-internal-ip' }]), ipPool('default-ipv4-ippool', { cidr: `${base}.0.0/16`, blockSize: 26 }), ...NODES.map((at) => ipamBlock(`b${at}`, `${base}.${at}.0/26`, `host:${nodeName(at)}`)), configMap('calico-config', { veth_mtu: '0', calico_backend: 'vxlan' })],
    cilium: [ciliumAgent(), configMap('cilium-config', { ipam: 'kubernetes', 'kube-proxy-replacement': 'false', 'routing-mode': 'tunnel', 'tunnel-protocol': 'vxlan', 'cni-exclusive': 'true' })],
  };
  const kubeadm = distribution === 'k3s' ? [] : [
    configMap('kubeadm-config', { ClusterConfiguration: `networking: {podSubnet: ${base}.0.0/16, serviceSubnet: ${services}.0.0/16, dnsDomain: cluster.local}` }),
    configMap('kube-proxy', { 'config.conf': `clusterCIDR: ${base}.0.0/16\nmode: ""\nipvs: {strictARP: false}` }),
    configMap('kubelet-config', { kubelet: `clusterDNS: [${services}.0.10]` }),
    workload('DaemonSet', 'kube-proxy', 'registry.k8s.io/kube-proxy:v1.33.4', { pod: { hostNetwork: true } }),
    ...NODES.map((at) => object('v1', 'Pod', `kube-controller-manager-n${at}`, { spec: { nodeName: nodeName(at), hostNetwork: true, containers: [{ name: 'c', command: ['kube-controller-manager', `--cluster-cidr=${base}.0.0/16`, `--service-cluster-ip-range=${services}.0.0/16`] }] }, status: { phase: 'Running', podIP: address(at), conditions: [{ type: 'Ready', status: 'True' }] } }, 'kube-system', { labels: { component: 'kube-controller-manager' }, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName(at), uid: 'n', controller: true }] })),
  ];

  const confDir = distribution === 'k3s' && cni === 'flannel' ? '/var/lib/rancher/k3s/agent/etc/cni/net.d' : '/etc/cni/net.d';
  const conf = { flannel: { file: '10-flannel.conflist', network: 'cbr0', types: ['flannel', 'portmap'], settings: { 'flannel.hairpinMode': true } }, calico: { file: '10-calico.conflist', network: 'k8s-pod-network', types: ['calico', 'bandwidth', 'portmap'] }, cilium: { file: '05-cilium.conflist', network: 'cilium', types: ['cilium-cni'] } }[cni];
  const devices = { flannel: [vxlanLink('flannel.1', {}), link('cni0', { kind: 'bridge', mtu: 1450 }), link('veth1', { kind: 'veth', mtu: 1450, master: 'cni0' })], calico: [vxlanLink('vxlan.calico', { vni: 4096, port: 4789 }), link('cali0ef24b1e7a1', { kind: 'veth', mtu: 1450 })], cilium: [link('cilium_net', { kind: 'veth' }), link('cilium_host', { kind: 'veth' }), vxlanLink('cilium_vxlan', { mtu: 1500, vni: 0, external: true }), link('lxc0a1b2c3d', { kind: 'veth' })] }[cni];
  const hosts = NODES.map((at) => host(nodeName(at), {
    ...(distribution === 'k3s' ? { distribution: { name: 'k3s', role: 'server' as const, service: 'k3s', settings: {} } } : { distribution: { name: 'kubeadm', role: 'server' as const, service: 'kubelet' } }),
    links: [link('lo', { mtu: 65_536 }), link('eth0'), ...devices.map((device) => (device.name === 'flannel.1' ? { ...device, mac: mac(at) } : device))],
    addresses: [{ device: 'eth0', family: 'inet', address: address(at), prefixLength: 24, scope: 'global' }],
    routes: [
      route('default', { gateway: '192.168.10.1', device: 'eth0' }), route('192.168.10.0/24', { device: 'eth0', protocol: 'kernel' }),
      ...(cni === 'flannel' ? [route(`${base}.${at}.0/24`, { device: 'cni0', protocol: 'kernel' }), ...NODES.filter((other) => other !== at).map((other) => route(`${base}.${other}.0/24`, { gateway: `${base}.${other}.0`, device: 'flannel.1', onlink: true }))] : []),
      ...(calico ? [route(`${base}.${at}.5`, { device: 'cali0ef24b1e7a1', protocol: '80' }), route(`${base}.${at}.0/26`, { type: 'blackhole', protocol: '80' }), ...NODES.filter((other) => other !== at).map((other) => route(`${base}.${other}.0/26`, { gateway: `${base}.${other}.0`, device: 'vxlan.calico', protocol: '80', onlink: true }))] : []),
    ],
    sysctls: {
      'net.ipv4.ip_forward': '1', 'net.bridge.bridge-nf-call-iptables': '1', 'net.ipv4.conf.all.rp_filter': '0', 'net.ipv4.neigh.default.gc_thresh3': '1024',
      ...(calico ? { 'net.ipv4.conf.cali0ef24b1e7a1.proxy_arp': '1', 'net.ipv4.conf.cali0ef24b1e7a1.forwarding': '1', 'net.ipv4.neigh.cali0ef24b1e7a1.proxy_delay': '0' } : {}),
      ...(cni === 'cilium' ? { 'net.ipv4.conf.lxc0a1b2c3d.rp_filter': '0' } : {}),
    },
    neighbourCount: 14, conntrack: { count: 900, max: 131_072, insertFailed: 4, drop: 0, earlyDrop: 0 }, udpInCsumErrors: 0, offloads: { eth0: { 'tx-checksum-ip-generic': true } },
    traffic: cni === 'cilium' ? { qdiscs: [{ device: 'eth0', kind: 'clsact' }, { device: 'lxc0a1b2c3d', kind: 'clsact' }], filters: (['eth0', 'lxc0a1b2c3d'] as const).map((device) => ({ device, direction: 'ingress' as const, kind: 'bpf', protocol: 'all', pref: 1, name: `cil_from_netdev-${device}`, program: 'cil_from_netdev', id: 7 })) } : { qdiscs: [], filters: [] },
    modules: ['br_netfilter', 'vxlan', 'nf_conntrack'], services: { firewalld: false, ufw: false, NetworkManager: false, docker: false, nftables: false }, nameservers: ['192.168.10.1'],
    iptables: [
      { family: 4, backend: 'nft', tables: [filterTable({ chains: ['KUBE-FORWARD', 'KUBE-SERVICES', ...{ flannel: ['FLANNEL-FWD', ...(distribution === 'k3s' ? ['KUBE-ROUTER-INPUT', 'KUBE-ROUTER-FORWARD', 'KUBE-ROUTER-OUTPUT'] : [])], calico: ['cali-FORWARD', 'cali-INPUT'], cilium: ['CILIUM_FORWARD', 'CILIUM_INPUT'] }[cni]], counted: { 'KUBE-SVC-': 9 } })] },
      { family: 4, backend: 'legacy', tables: [] },
    ],
    cni: { confDir, binDirs: ['/opt/cni/bin'], byDefault: confDir === '/etc/cni/net.d', confs: [conf], plugins: { '/opt/cni/bin': ['bandwidth', 'bridge', 'calico', 'calico-ipam', 'cilium-cni', 'flannel', 'host-local', 'loopback', 'portmap'] }, renamed: [] },
    ...(cni === 'flannel' ? { hairpin: { veth1: true }, leases: { cbr0: 5 } } : {}),
    pods: listening.filter(([own]) => own.startsWith(`${base}.${at}.`)).map(([own, sockets]) => ({ addresses: [own], loopbackUp: true, mtu: 1450, routes: [route('default', { gateway: calico ? '169.254.1.1' : `${base}.${at}.1`, device: 'eth0' })], sockets })),
  }));

  return [
    ...nodes, ...cniObjects[cni], ...kubeadm, ...dns, ...apps, ...hosts,
    ...['shop', 'monitoring', 'kube-system', 'metallb-system'].map((name) => object('v1', 'Namespace', name, {}, null, { labels: { 'kubernetes.io/metadata.name': name } })),
    workload('Deployment', 'coredns', 'coredns:1.12', { replicas: 2, labels: { 'k8s-app': 'kube-dns' }, podLabels: { 'k8s-app': 'kube-dns' } }),
    configMap('coredns', { Corefile: '.:53 {\n    errors\n    kubernetes cluster.local in-addr.arpa ip6.arpa {\n        pods insecure\n        fallthrough in-addr.arpa ip6.arpa\n    }\n    forward . /etc/resolv.conf\n    cache 30\n    loop\n}\n' }),
    service('kubernetes', { clusterIP: `${services}.0.1`, selector: {}, ports: [{ name: 'https', port: 443, targetPort: 6443, protocol: 'TCP' }] }, { namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } }),
    service('kube-dns', { clusterIP: `${services}.0.10`, selector: { 'k8s-app': 'kube-dns' }, ports: [{ name: 'dns', port: 53, targetPort: 53, protocol: 'UDP' }, { name: 'dns-tcp', port: 53, targetPort: 53, protocol: 'TCP' }] }, { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }),
    service('web', { type: 'LoadBalancer', clusterIP: `${services}.3.1`, selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }] }, { namespace: 'shop', labels: { app: 'web' }, status: { loadBalancer: { ingress: [{ ip: '192.168.10.200' }] } }, annotations: { 'metallb.io/loadBalancerIPs': '192.168.10.200' } }),
    service('db', { clusterIP: `${services}.3.2`, selector: { app: 'db' }, ports: [{ port: 5432, targetPort: 5432, protocol: 'TCP' }] }, { namespace: 'shop' }),
    service('prometheus', { clusterIP: `${services}.3.3`, selector: { app: 'prometheus' }, ports: [{ name: 'web', port: 9090, targetPort: 9090, protocol: 'TCP' }] }, { namespace: 'monitoring' }),
    ...['web', 'db'].map((name) => workload('Deployment', name, `${name}:1`, { namespace: 'shop', podLabels: { app: name } })),
    object('monitoring.coreos.com/v1', 'ServiceMonitor', 'web', { spec: { selector: { matchLabels: { app: 'web' } }, namespaceSelector: { matchNames: ['shop'] }, endpoints: [{ port: 'http' }] } }, 'monitoring'),
    object('policy/v1', 'PodDisruptionBudget', 'db', { spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'db' } } }, status: { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 } }, 'shop'),
    workload('Deployment', 'controller', 'quay.io/metallb/controller:v0.15.2', { namespace: 'metallb-system' }),
    addressPool('lan', ['192.168.10.200-192.168.10.220']), l2Advertisement('lan', { ipAddressPools: ['lan'] }),
    // Nobody enforces them where Flannel runs alone.
    ...(flavour === 'kubeadm-flannel' ? [] : [
      policy('default-deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }, 'shop'),
      policy('dns', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } }, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }], ports: [{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }] }] }, 'shop'),
      policy('web', { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress', 'Egress'], ingress: [{ ports: [{ port: 'http' }] }], egress: [{ to: [{ podSelector: { matchLabels: { app: 'db' } } }], ports: [{ port: 5432 }] }] }, 'shop'),
      policy('db', { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 5432 }] }] }, 'shop'),
    ]),
  ];
}
