/** Command lines of Kubernetes' own components, the same for every profile but for their paths. */
import type { Layout } from './layout.ts';

/** One entry of k3s-components.json; placeholders such as ${node-ip} are filled in on the node. Schema: src/lab/components/node/internal/k3s. */
export interface Component {
  name: string;
  role: 'server' | 'node';
  argv: string[];
  env?: Record<string, string>;
  ready?: { url: string; ca?: string; cert?: string; key?: string } | { cri: string } | { file: string };
  /** Held back until this holds. */
  startWhen?: { url: string; ca: string; cert: string; key: string; contains: string };
  after?: string[];
  argsKey?: string;
  onlyWhen?: 'flannel' | 'kube-proxy';
}

/** Values that fill the placeholders. */
export interface Settings {
  'cluster-cidr': string;
  'service-cidr': string;
  'cluster-dns': string;
  'cluster-domain': string;
  'node-ip': string;
  'node-name': string;
}

const flags = (values: Record<string, string>): string[] => Object.entries(values).map(([name, value]) => `--${name}=${value}`);

function etcd(at: Layout): Component {
  const pair = { cert: `${at.etcdServer}.crt`, key: `${at.etcdServer}.key`, ca: `${at.etcdCa}.crt` };
  return {
    name: 'etcd',
    role: 'server',
    argv: [`${at.bin}/etcd`, ...flags({
      name: '${node-name}',
      'data-dir': at.etcdData,
      'listen-client-urls': 'https://127.0.0.1:2379,https://${node-ip}:2379',
      'advertise-client-urls': 'https://${node-ip}:2379',
      'listen-peer-urls': 'https://${node-ip}:2380',
      'initial-advertise-peer-urls': 'https://${node-ip}:2380',
      'initial-cluster': '${node-name}=https://${node-ip}:2380',
      'cert-file': pair.cert, 'key-file': pair.key, 'trusted-ca-file': pair.ca, 'client-cert-auth': 'true',
      'peer-cert-file': pair.cert, 'peer-key-file': pair.key, 'peer-trusted-ca-file': pair.ca, 'peer-client-cert-auth': 'true',
      'log-level': 'warn', logger: 'zap',
    })],
    ready: { url: 'https://127.0.0.1:2379/health', ca: pair.ca, cert: `${at.etcdClient}.crt`, key: `${at.etcdClient}.key` },
    argsKey: 'etcd-arg',
  };
}

function apiServer(at: Layout): Component {
  return {
    name: 'kube-apiserver',
    role: 'server',
    argv: [`${at.bin}/kube-apiserver`, ...flags({
      'advertise-address': '${node-ip}', 'bind-address': '0.0.0.0', 'secure-port': '6443',
      'etcd-servers': 'https://127.0.0.1:2379', 'etcd-cafile': `${at.etcdCa}.crt`, 'etcd-certfile': `${at.etcdClient}.crt`, 'etcd-keyfile': `${at.etcdClient}.key`,
      'client-ca-file': `${at.clientCa}.crt`, 'tls-cert-file': `${at.apiServer}.crt`, 'tls-private-key-file': `${at.apiServer}.key`,
      'kubelet-client-certificate': `${at.apiServerToKubelet}.crt`, 'kubelet-client-key': `${at.apiServerToKubelet}.key`,
      'kubelet-certificate-authority': `${at.serverCa}.crt`, 'kubelet-preferred-address-types': 'InternalIP,Hostname',
      'service-account-issuer': 'https://kubernetes.default.svc.${cluster-domain}', 'api-audiences': 'https://kubernetes.default.svc.${cluster-domain}',
      'service-account-key-file': `${at.serviceAccount}.pub`, 'service-account-signing-key-file': `${at.serviceAccount}.key`,
      'service-cluster-ip-range': '${service-cidr}', 'authorization-mode': 'Node,RBAC', 'enable-admission-plugins': 'NodeRestriction',
      'requestheader-client-ca-file': `${at.requestHeaderCa}.crt`, 'requestheader-allowed-names': 'system:auth-proxy',
      'requestheader-username-headers': 'X-Remote-User', 'requestheader-group-headers': 'X-Remote-Group', 'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
      'proxy-client-cert-file': `${at.frontProxy}.crt`, 'proxy-client-key-file': `${at.frontProxy}.key`,
      'allow-privileged': 'true', profiling: 'false',
    })],
    after: ['etcd'],
    ready: { url: 'https://127.0.0.1:6443/readyz', ca: `${at.serverCa}.crt` },
    argsKey: 'kube-apiserver-arg',
  };
}

function controllerManager(at: Layout): Component {
  const conf = at.controllerConf;
  return {
    name: 'kube-controller-manager',
    role: 'server',
    argv: [`${at.bin}/kube-controller-manager`, ...flags({
      kubeconfig: conf, 'authentication-kubeconfig': conf, 'authorization-kubeconfig': conf, 'bind-address': '127.0.0.1',
      'allocate-node-cidrs': 'true', 'cluster-cidr': '${cluster-cidr}', 'service-cluster-ip-range': '${service-cidr}',
      'root-ca-file': `${at.serverCa}.crt`, 'service-account-private-key-file': `${at.serviceAccount}.key`, 'use-service-account-credentials': 'true',
      'cluster-signing-cert-file': `${at.clientCa}.crt`, 'cluster-signing-key-file': `${at.clientCa}.key`,
      'leader-elect': 'false', profiling: 'false',
      // Some 40 controllers start one after another, each with requests of its own: at the default of 20 requests
      // a second that alone takes 4.5 s, which a user's cluster spends once and a lab at every start.
      'kube-api-qps': '200', 'kube-api-burst': '400',
    })],
    after: ['kube-apiserver'],
    argsKey: 'kube-controller-manager-arg',
  };
}

function scheduler(at: Layout): Component {
  const conf = at.schedulerConf;
  return {
    name: 'kube-scheduler',
    role: 'server',
    argv: [`${at.bin}/kube-scheduler`, ...flags({ kubeconfig: conf, 'authentication-kubeconfig': conf, 'authorization-kubeconfig': conf, 'bind-address': '127.0.0.1', 'leader-elect': 'false', profiling: 'false' })],
    after: ['kube-apiserver'],
    argsKey: 'kube-scheduler-arg',
  };
}

function containerd(at: Layout, config: string): Component {
  return {
    name: 'containerd',
    role: 'node',
    argv: [`${at.bin}/containerd`, '--config', config],
    // containerd finds its shim and runc by name.
    env: { PATH: `${at.bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` },
    ready: { cri: at.containerdSocket },
  };
}

function kubelet(at: Layout): Component {
  return {
    name: 'kubelet',
    role: 'node',
    argv: [`${at.bin}/kubelet`, ...flags({ ...(at.kubeletDropIns === undefined ? { config: at.kubeletSettings } : { 'config-dir': at.kubeletDropIns }), kubeconfig: at.kubeletConf, 'hostname-override': '${node-name}', 'node-ip': '${node-ip}' })],
    after: ['containerd'],
    ready: { url: 'http://127.0.0.1:10248/healthz' },
    argsKey: 'kubelet-arg',
  };
}

function kubeProxy(at: Layout): Component {
  return {
    name: 'kube-proxy',
    role: 'node',
    argv: [`${at.bin}/kube-proxy`, ...flags({
      kubeconfig: at.proxyConf, 'hostname-override': '${node-name}', 'cluster-cidr': '${cluster-cidr}', 'proxy-mode': 'iptables',
      // Connection tracking limits are machine-wide and read-only inside a network namespace.
      'conntrack-max-per-core': '0', 'conntrack-tcp-timeout-established': '0s', 'conntrack-tcp-timeout-close-wait': '0s',
    })],
    onlyWhen: 'kube-proxy',
    argsKey: 'kube-proxy-arg',
  };
}

function flannel(at: Layout, apiServerUrl: string): Component {
  return {
    name: 'flannel',
    role: 'node',
    argv: [`${at.bin}/flanneld`, ...flags({
      'kube-subnet-mgr': 'true', 'kubeconfig-file': at.flannelConf, 'ip-masq': 'true', iface: '${node-ip}',
      'net-config-path': '/var/lib/rancher/k3s/agent/etc/flannel/net-conf.json',
    })],
    env: { NODE_NAME: '${node-name}' },
    startWhen: { url: `${apiServerUrl}/api/v1/nodes/\${node-name}`, ca: `${at.nodeServerCa}.crt`, cert: `${at.kubeletClient}.crt`, key: `${at.kubeletClient}.key`, contains: '"podCIDR"' },
    onlyWhen: 'flannel',
  };
}

/** Every component of a profile; `containerdConfig` is the path of containerd's settings, `apiServerUrl` the API server's address. */
export function componentTable(at: Layout, containerdConfig: string, apiServerUrl: string): Component[] {
  return [etcd(at), apiServer(at), controllerManager(at), scheduler(at), containerd(at, containerdConfig), kubelet(at), kubeProxy(at), flannel(at, apiServerUrl)];
}

/** Fills the placeholders of one text. Errors: TypeError for a placeholder without a value, which is a mistake in the table. */
export function fill(text: string, settings: Settings): string {
  return text.replace(/\$\{([a-z-]+)\}/g, (whole, name: string) => {
    const value = (settings as unknown as Record<string, string>)[name];
    if (value === undefined) throw new TypeError(`no value for ${whole}`);
    return value;
  });
}
