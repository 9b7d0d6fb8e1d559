/** FL-LB-005. */
import { kubeProxyConfig } from '../../../cni/picture/ranges.ts';
import { addressPool, configMap, l2Advertisement } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

export const strictArp: Rule = {
  id: 'FL-LB-005',
  title: 'kube-proxy in IPVS mode lets every node answer for load balancer addresses',
  severity: 'error',
  faults: ['B5'],
  looksAt: 'kube-proxy mode ipvs without strictARP, where MetalLB announces by layer 2. In iptables mode, the default everywhere, nothing is needed.',
  why: 'kube-ipvs0 holds the address on every node, and all answer ARP: `arping` shows several MAC addresses, and clients reach now this node and now that one.',
  fix: [
    { what: 'Set strictARP.', command: "kubectl -n kube-system get configmap kube-proxy -o yaml | sed 's/strictARP: false/strictARP: true/' | kubectl apply -f -\nkubectl -n kube-system rollout restart daemonset kube-proxy" },
  ],
  refs: ['kubermatic#7309', 'metallb#153', 'kubespray#4788'],
  check(view) {
    if (!view.picture.loadBalancers.some(({ name }) => name === 'metallb')) return { skip: 'MetalLB is not in the snapshot' };
    const proxy = view.picture.serviceProxy;
    if (proxy === undefined) return { unknown: "kube-proxy's mode is not in the snapshot" };
    const config = kubeProxyConfig(view.index);
    const passed = view.picture.k3s.some(({ args }) => (args.get('kube-proxy-arg') ?? []).some(({ value }) => value === 'ipvs-strict-arp=true'));
    const onlyBgp = view.index.objects('L2Advertisement').length === 0 && view.index.objects('BGPAdvertisement').length > 0;
    if (proxy.value !== 'ipvs' || config?.config.ipvs?.strictARP === true || passed || onlyBgp) return [];
    return [{
      subjects: [config === undefined ? 'cluster' : 'ConfigMap kube-system/kube-proxy'],
      summary: 'kube-proxy uses IPVS without strictARP, and MetalLB announces by layer 2',
      evidence: [
        config === undefined ? view.derived('kube-proxy', proxy.evidence) : view.seen(config.object, 'config.conf', `mode ipvs, ipvs.strictARP ${String(config.config.ipvs?.strictARP ?? 'not set')}`),
      ],
    }];
  },
  bad: [addressPool('lan', ['192.168.10.200/29']), l2Advertisement('all'), configMap('kube-proxy', { 'config.conf': 'mode: ipvs\nipvs: {strictARP: false}' })],
  good: [addressPool('lan', ['192.168.10.200/29']), l2Advertisement('all'), configMap('kube-proxy', { 'config.conf': 'mode: ipvs\nipvs: {strictARP: true}' })],
};
