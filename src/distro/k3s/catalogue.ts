/** What a snapshot keeps of K3s: its arguments as it publishes them on nodes, and which charts it installs. */
import type { Catalogue } from '../../cluster/snapshot/catalogue.ts';
import { parseDocument } from '../../cluster/snapshot/parse.ts';
import { fields, special } from '../../cluster/snapshot/shape.ts';
import { isPlainValue } from '../../cluster/snapshot/values.ts';
import { keepChartSet, keepChartValues } from './chart-values.ts';

/** Arguments that say something about networking, with the words that those take beside addresses and sizes. `server` and `agent` are the roles. */
const FLAGS = /^--(cluster-cidr|service-cidr|cluster-dns|cluster-domain|node-ip|node-external-ip|bind-address|advertise-address|flannel-[a-z0-9-]+|disable(-[a-z-]+)?|egress-selector-mode|kube-proxy-arg|kubelet-arg|kube-controller-manager-arg|kube-apiserver-arg|resolv-conf|servicelb-namespace|multi-cluster-cidr|tls-san|cluster-init|node-name)$/;
const WORD = /^(true|false|none|vxlan|host-gw|wireguard-native|wireguard|ipsec|agent|cluster|pod|disabled|(servicelb|traefik|metrics-server|coredns|local-storage|network-policy|cloud-controller|kube-proxy|helm-controller)(,[a-z-]+)*|cluster\.local|[a-z]{2,6}[0-9]{1,4}(\.[0-9]{1,4})?)$/;
/** Arguments handed on to a component: the setting and its value. */
const PASSED = /^(cluster-cidr|service-cluster-ip-range|node-cidr-mask-size(-ipv[46])?|proxy-mode|max-pods|conntrack-[a-z-]+|resolv-conf|metrics-bind-address|ipvs-strict-arp|masquerade-all|feature-gates|allocate-node-cidrs)=([\w.,:/=-]*)$/;
const PATH = /^\/(etc|run)\/[\w./-]*resolv[\w.-]*$/;
const HIDDEN = '…';

/** `k3s.io/node-args` (pkg/nodeconfig): a JSON array of words. */
export function keepNodeArgs(text: string): string | undefined {
  const words = parseDocument(text);
  if (!Array.isArray(words)) return undefined;
  let flag = '';
  const kept = words.slice(0, 400).map((word: unknown, at) => {
    const one = typeof word === 'string' ? word : HIDDEN;
    if (at === 0) return one === 'server' || one === 'agent' ? one : HIDDEN;
    const [name = '', ...rest] = one.split('=');
    if (one.startsWith('-')) {
      flag = FLAGS.test(name) ? name : '';
      if (rest.length === 0) return /^--[a-z0-9-]+$/.test(one) ? one : HIDDEN;
      return `${/^--[a-z0-9-]+$/.test(name) ? name : HIDDEN}=${keepValue(flag, rest.join('='))}`;
    }
    const value = keepValue(flag, one);
    flag = '';
    return value;
  });
  return JSON.stringify(kept);
}

function keepValue(flag: string, value: string): string {
  if (flag === '') return HIDDEN;
  if (flag.endsWith('-arg')) return PASSED.test(value) || /^[a-z-]+=(true|false|\d+)$/.test(value) ? value : HIDDEN;
  return isPlainValue(value) || WORD.test(value) || PATH.test(value) ? value : HIDDEN;
}

export const K3S_CATALOGUE: Partial<Catalogue> = {
  kinds: [
    { group: 'helm.cattle.io', kind: 'HelmChartConfig', versions: ['v1'], keep: { spec: fields('failurePolicy', { valuesContent: special(keepChartValues) }) } },
    { group: 'helm.cattle.io', kind: 'HelmChart', versions: ['v1'], keep: { spec: fields('chart version targetNamespace', { valuesContent: special(keepChartValues), set: special(keepChartSet) }) } },
  ],
  annotations: [
    { name: /^k3s\.io\/node-args$/, keep: keepNodeArgs },
    { name: /^k3s\.io\/(internal-ip|external-ip|hostname)$/ },
    { name: /^svccontroller\.k3s\.cattle\.io\/[a-z]+$/ },
  ],
};
