/** FL-DNS-003. */
import { pod, service } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { isReadyPod, statusText } from '../../service-ports.ts';
import { subjectOf } from '../../view.ts';

export const dnsNoEndpoints: Rule = {
  id: 'FL-DNS-003',
  title: 'No DNS pod is ready',
  severity: 'error',
  faults: ['D3'],
  looksAt: 'Ready pods behind the Service kube-system/kube-dns, and restarts of those that are there.',
  why: 'No name resolves in the cluster.',
  fix: [{ what: 'See why.', command: 'kubectl -n kube-system logs -l k8s-app=kube-dns --tail=50' }],
  refs: [],
  check(view) {
    const { service: dns } = view.picture.dns;
    if (dns === undefined || !view.index.complete('Pod')) return { unknown: 'the DNS Service, or pods, are not in the snapshot' };
    const pods = view.backends(dns);
    if (pods.some(isReadyPod) || Object.keys(dns.spec?.selector ?? {}).length === 0) return [];
    return [{
      subjects: [subjectOf(dns), ...pods.map(subjectOf)],
      summary: pods.length === 0 ? `Service ${dns.metadata.name} selects no pod` : `none of ${pods.length} DNS pods is ready`,
      evidence: [
        view.seen(dns, 'spec.selector', dns.spec?.selector),
        ...pods.slice(0, 3).map((one) => view.seen(one, 'status', statusText(one))),
      ],
    }];
  },
  bad: [
    service('kube-dns', { selector: { 'k8s-app': 'kube-dns' }, clusterIP: '10.43.0.10', ports: [{ port: 53, protocol: 'UDP' }] }, { namespace: 'kube-system' }),
    pod('coredns', { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' }, status: { conditions: [{ type: 'Ready', status: 'False' }] } }),
  ],
  good: [
    service('kube-dns', { selector: { 'k8s-app': 'kube-dns' }, clusterIP: '10.43.0.10', ports: [{ port: 53, protocol: 'UDP' }] }, { namespace: 'kube-system' }),
    pod('coredns', { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }),
  ],
};
