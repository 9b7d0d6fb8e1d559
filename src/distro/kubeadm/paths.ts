/** Where kubeadm keeps things (kubernetes.io, "Implementation details" of kubeadm). */

export const kubeletConf = '/etc/kubernetes/kubelet.conf';
/** Only control-plane nodes have it. */
export const adminConf = '/etc/kubernetes/admin.conf';
export const containerdConfig = '/etc/containerd/config.toml';
export const service = 'kubelet';
export const etcdDir = '/var/lib/etcd';
/** Client certificate that kubeadm makes for health checks of etcd. */
export const etcdPki = { ca: '/etc/kubernetes/pki/etcd/ca.crt', cert: '/etc/kubernetes/pki/etcd/healthcheck-client.crt', key: '/etc/kubernetes/pki/etcd/healthcheck-client.key' };
