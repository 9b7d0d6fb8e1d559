/** The part of the catalogue that belongs to no CNI and no distribution. */
import type { Catalogue } from './catalogue.ts';
import { keepCorefile } from './corefile.ts';
import { NETWORK_KINDS } from './kinds-network.ts';
import { POD_KINDS } from './kinds-pods.ts';
import { parseDocument } from './parse.ts';
import { fields, pick, Picking, tree, type Shape } from './shape.ts';
import { isPlainValue } from './values.ts';

const nothing = (): undefined => undefined;

/** For values of ConfigMaps that are documents: the part of the YAML or JSON that the shape names. */
export function keepDocument(shape: Shape): (text: string) => unknown {
  return (text) => pick(shape, parseDocument(text), new Picking(nothing, nothing));
}

/** For values that are one address, port, size, or one of some words. */
export function keepPlain(words: readonly string[] = []): (text: string) => string | undefined {
  return (text) => (words.includes(text.trim()) || isPlainValue(text.trim()) ? text.trim() : undefined);
}

/** KubeProxyConfiguration (k8s.io/kube-proxy/config/v1alpha1). */
const proxyConfig = fields('clusterCIDR mode bindAddress metricsBindAddress healthzBindAddress detectLocalMode', {
  ipvs: fields('strictARP? scheduler'), iptables: fields('masqueradeAll? masqueradeBit#'), conntrack: fields('maxPerCore# min# tcpEstablishedTimeout tcpCloseWaitTimeout'),
  nodePortAddresses: tree, detectLocal: tree,
});

export const BASE_CATALOGUE: Partial<Catalogue> = {
  kinds: [...POD_KINDS, ...NETWORK_KINDS],
  annotations: [
    { name: /^(metallb\.(io|universe\.tf)|lbipam\.[a-z.]+)\/[A-Za-z-]+$/ },
    { name: /^(service\.(beta|alpha)\.kubernetes\.io|deprecated\.daemonset\.template)\/[a-z-]+$/, keep: keepPlain(['true', 'false']) },
    { name: /^service\.kubernetes\.io\/(topology-mode|local-svc-only-bind-node-with-pod)$/ },
    { name: /^cluster-autoscaler\.kubernetes\.io\/safe-to-evict$/, keep: keepPlain(['true', 'false']) },
    { name: /^(k8s\.v1\.cni\.cncf\.io\/networks|kubernetes\.io\/ingress\.class|ingressclass\.kubernetes\.io\/is-default-class|storageclass\.kubernetes\.io\/is-default-class)$/ },
    { name: /^kubernetes\.io\/(ingress-bandwidth|egress-bandwidth)$/, keep: keepPlain() },
    { name: /^(argocd\.argoproj\.io\/tracking-id|meta\.helm\.sh\/release-(name|namespace)|objectset\.rio\.cattle\.io\/owner-name|sidecar\.istio\.io\/inject|linkerd\.io\/inject)$/ },
    { name: /^weave\.works\/kured-[a-z-]+$/, keep: keepPlain(['true', 'false']) },
    { name: /^(endpoints\.kubernetes\.io\/last-change-trigger-time|deployment\.kubernetes\.io\/revision)$/ },
    { name: /^scheduler\.alpha\.kubernetes\.io\/critical-pod$/, keep: keepPlain([]) },
    { name: /^fairlead\.dev\/[a-z-]+$/ },
  ],
  env: [
    // The ports of Seldon, MLServer, Envoy and others, and whom they dial.
    { name: /^(SELDON|MLSERVER|ENVOY|TRITON|CONTROL_PLANE|SCHEDULER|MLFLOW|PROMETHEUS|GRAFANA|ARGO|MINIO|RCLONE)_[A-Z0-9_]*(PORT|HOST|ADDR|ADDRESS|BIND|SIZE)$/ },
    { name: /^(PORT|HTTP_PORT|GRPC_PORT|METRICS_PORT|LISTEN_ADDR|BIND_ADDRESS|HOST_IP|MTU|VETH_MTU)$/ },
    { name: /^METALLB_(HOST|ML_BIND_ADDR|ML_BIND_PORT)$/ },
    { name: /^KUBERNETES_SERVICE_(HOST|PORT)$/ },
    { name: /^(CNI_CONF_NAME|CNI_NET_DIR)$/, words: ['10-containerd-net.conflist', '00-multus.conf', '/etc/cni/net.d', '/host/etc/cni/net.d'] },
  ],
  configMaps: [
    { name: /^kube-proxy(-config)?$/, key: /^(config\.conf|config\.yaml)$/, keep: keepDocument(proxyConfig) },
    { name: /^([a-z0-9]+-)?coredns(-.*)?$|^node-local-dns$/, key: /^Corefile$|\.(server|override)$/, keep: keepCorefile },
    { name: /^metallb(-config)?$|^config$/, key: /^config$/, keep: keepDocument(fields('', { 'address-pools': tree })) },
    { name: /^workflow-controller-configmap$/, key: /^(namespaceParallelism|parallelism)$/, keep: keepPlain() },
  ],
};
