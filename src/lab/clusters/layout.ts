/** Where each profile keeps its files: K3s' documented layout, and kubeadm's. */

export type Profile = 'k3s' | 'kubeadm';

/** Paths inside a node. Certificates are given without their `.crt`/`.key` ending. */
export interface Layout {
  serverCa: string;
  clientCa: string;
  requestHeaderCa: string;
  etcdCa: string;
  apiServer: string;
  apiServerToKubelet: string;
  frontProxy: string;
  etcdServer: string;
  etcdClient: string;
  serviceAccount: string;
  adminConf: string;
  controllerConf: string;
  schedulerConf: string;
  kubeletConf: string;
  proxyConf: string;
  /** Flannel's credentials where it runs inside the node's service. */
  flannelConf: string;
  kubeletSettings: string;
  /** Directory of the kubelet's settings, read in the order of names, where there is no single file. */
  kubeletDropIns?: string;
  kubeletServing: string;
  /** The kubelet's client certificate. */
  kubeletClient: string;
  /** Authorities as the node's own components find them. */
  nodeServerCa: string;
  nodeClientCa: string;
  etcdData: string;
  containerdRoot: string;
  containerdState: string;
  containerdSocket: string;
  /** Directory with the programs of a node. */
  bin: string;
}

/** Programs and settings of the lab itself, out of the way of what a profile reproduces. */
export const LAB_DIR = '/usr/local/lib/fairlead-lab';

const K3S = '/var/lib/rancher/k3s';

const k3s: Layout = {
  serverCa: `${K3S}/server/tls/server-ca`,
  clientCa: `${K3S}/server/tls/client-ca`,
  requestHeaderCa: `${K3S}/server/tls/request-header-ca`,
  etcdCa: `${K3S}/server/tls/etcd/server-ca`,
  apiServer: `${K3S}/server/tls/serving-kube-apiserver`,
  apiServerToKubelet: `${K3S}/server/tls/client-kube-apiserver`,
  frontProxy: `${K3S}/server/tls/client-auth-proxy`,
  etcdServer: `${K3S}/server/tls/etcd/server-client`,
  etcdClient: `${K3S}/server/tls/etcd/client`,
  serviceAccount: `${K3S}/server/tls/service`,
  adminConf: '/etc/rancher/k3s/k3s.yaml',
  controllerConf: `${K3S}/server/cred/controller.kubeconfig`,
  schedulerConf: `${K3S}/server/cred/scheduler.kubeconfig`,
  kubeletConf: `${K3S}/agent/kubelet.kubeconfig`,
  proxyConf: `${K3S}/agent/kubeproxy.kubeconfig`,
  flannelConf: `${K3S}/agent/k3scontroller.kubeconfig`,
  kubeletSettings: `${K3S}/agent/etc/kubelet.conf.d/00-k3s-defaults.conf`,
  kubeletDropIns: `${K3S}/agent/etc/kubelet.conf.d`,
  kubeletServing: `${K3S}/agent/serving-kubelet`,
  kubeletClient: `${K3S}/agent/client-kubelet`,
  nodeServerCa: `${K3S}/agent/server-ca`,
  nodeClientCa: `${K3S}/agent/client-ca`,
  etcdData: `${K3S}/server/db/etcd`,
  containerdRoot: `${K3S}/agent/containerd`,
  containerdState: '/run/k3s/containerd',
  containerdSocket: '/run/k3s/containerd/containerd.sock',
  bin: `${LAB_DIR}/bin`,
};

const PKI = '/etc/kubernetes/pki';

const kubeadm: Layout = {
  serverCa: `${PKI}/ca`,
  clientCa: `${PKI}/ca`,
  requestHeaderCa: `${PKI}/front-proxy-ca`,
  etcdCa: `${PKI}/etcd/ca`,
  apiServer: `${PKI}/apiserver`,
  apiServerToKubelet: `${PKI}/apiserver-kubelet-client`,
  frontProxy: `${PKI}/front-proxy-client`,
  etcdServer: `${PKI}/etcd/server`,
  etcdClient: `${PKI}/etcd/healthcheck-client`,
  serviceAccount: `${PKI}/sa`,
  adminConf: '/etc/kubernetes/admin.conf',
  controllerConf: '/etc/kubernetes/controller-manager.conf',
  schedulerConf: '/etc/kubernetes/scheduler.conf',
  kubeletConf: '/etc/kubernetes/kubelet.conf',
  proxyConf: '/var/lib/kube-proxy/kubeconfig.conf',
  flannelConf: '/etc/kubernetes/flannel.conf',
  kubeletSettings: '/var/lib/kubelet/config.yaml',
  kubeletServing: '/var/lib/kubelet/pki/kubelet',
  kubeletClient: '/etc/kubernetes/pki/kubelet-client',
  nodeServerCa: `${PKI}/ca`,
  nodeClientCa: `${PKI}/ca`,
  etcdData: '/var/lib/etcd',
  containerdRoot: '/var/lib/containerd',
  containerdState: '/run/containerd',
  containerdSocket: '/run/containerd/containerd.sock',
  bin: `${LAB_DIR}/bin`,
};

export const layouts: Record<Profile, Layout> = { k3s, kubeadm };
