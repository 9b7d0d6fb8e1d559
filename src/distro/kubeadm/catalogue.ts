/** What a snapshot keeps of kubeadm: the networking part of its ClusterConfiguration. */
import { keepDocument, keepPlain } from '../../cluster/snapshot/base-catalogue.ts';
import type { Catalogue } from '../../cluster/snapshot/catalogue.ts';
import { fields, special } from '../../cluster/snapshot/shape.ts';

const ARGUMENTS = /^(cluster-cidr|service-cluster-ip-range|node-cidr-mask-size(-ipv[46])?|allocate-node-cidrs|service-node-port-range)$/;
const keep = keepPlain(['true', 'false']);

/** extraArgs are a map (v1beta3) or a list of name and value (v1beta4). */
const extraArgs = special((value) => {
  if (typeof value !== 'object' || value === null) return undefined;
  const pairs = Array.isArray(value) ? (value as { name?: unknown; value?: unknown }[]).map((one) => [String(one.name), one.value] as const) : Object.entries(value);
  return Object.fromEntries(pairs.flatMap(([name, text]) => {
    const kept = ARGUMENTS.test(name) && typeof text === 'string' ? keep(text) : undefined;
    return kept === undefined ? [] : [[name, kept]];
  }));
});

const clusterConfiguration = fields('kubernetesVersion clusterName controlPlaneEndpoint', {
  networking: fields('podSubnet serviceSubnet dnsDomain'),
  controllerManager: fields('', { extraArgs }), apiServer: fields('', { extraArgs }),
});

export const KUBEADM_CATALOGUE: Partial<Catalogue> = {
  annotations: [{ name: /^kubeadm\.alpha\.kubernetes\.io\/cri-socket$/, keep: () => undefined }],
  configMaps: [
    { name: /^kubeadm-config$/, key: /^ClusterConfiguration$/, keep: keepDocument(clusterConfiguration) },
    { name: /^kubelet-config(-1\.\d+)?$/, key: /^kubelet$/, keep: keepDocument(fields('maxPods# resolvConf clusterDomain podCIDR hairpinMode?', { clusterDNS: special((value) => (Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string' && keep(one) !== undefined) : undefined)) })) },
  ],
};
