/** FL-DNS-004. */
import { parseDocument } from '../../../cluster/snapshot/parse.ts';
import type { ConfigMap } from '../../../cluster/snapshot/typed.ts';
import { configMap, node, service } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const kubeletDns: Rule = {
  id: 'FL-DNS-004',
  title: "Kubelets hand on another DNS address than the DNS Service has",
  severity: 'error',
  faults: [],
  looksAt: "clusterDNS of the kubelet configuration (kubeadm) or cluster-dns of K3s against the address of Service kube-dns. Link-local addresses are node-local DNS.",
  why: 'Every pod asks an address where nobody answers: names time out after 5 s each.',
  fix: [{ what: 'Give the Service the address that the kubelets have, or change both.', command: 'kubectl -n kube-system get service kube-dns -o jsonpath={.spec.clusterIP}' }],
  refs: [],
  check(view) {
    const { service: dns } = view.picture.dns;
    const ip = dns?.spec?.clusterIP;
    if (dns === undefined || ip === undefined) return { unknown: 'the DNS Service is not in the snapshot' };
    const map = view.index.objects<ConfigMap>('ConfigMap').find(({ metadata }) => metadata.name.startsWith('kubelet-config'));
    const kubelet = parseDocument(map?.data?.['kubelet'] ?? '') as { clusterDNS?: string[] } | null | undefined;
    const said = [
      ...(map !== undefined && Array.isArray(kubelet?.clusterDNS) ? [{ ips: kubelet.clusterDNS, evidence: view.seen(map, 'clusterDNS', kubelet.clusterDNS.join(', ')) }] : []),
      ...view.picture.k3s.flatMap(({ args }) => (args.get('cluster-dns') ?? []).map(({ value, source }) => ({ ips: value.split(','), evidence: view.derived(source, `cluster-dns ${value}`, 'observed') }))),
    ];
    if (said.length === 0) return { skip: 'no DNS address is configured explicitly' };
    const [odd] = said.filter(({ ips }) => !ips.includes(ip) && !ips.some((one) => one.startsWith('169.254.')));
    return odd === undefined ? [] : [{
      subjects: [subjectOf(dns)],
      summary: `kubelets hand on ${odd.ips.join(', ')}, and Service ${dns.metadata.name} has ${ip}`,
      evidence: [odd.evidence, view.seen(dns, 'spec.clusterIP', ip)],
    }];
  },
  bad: [
    node('n1'),
    configMap('kubelet-config', { kubelet: 'clusterDNS: [10.96.0.10]\nclusterDomain: cluster.local' }),
    service('kube-dns', { clusterIP: '10.43.0.10' }, { namespace: 'kube-system' }),
  ],
  good: [
    node('n1'),
    configMap('kubelet-config', { kubelet: 'clusterDNS: [10.96.0.10]\nclusterDomain: cluster.local' }),
    service('kube-dns', { clusterIP: '10.96.0.10' }, { namespace: 'kube-system' }),
  ],
};
