/** FL-DNS-001. */
import { node, workload } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const singleReplica: Rule = {
  id: 'FL-DNS-001',
  title: 'The DNS of the cluster has one replica',
  severity: 'error',
  faults: [],
  looksAt: 'Replicas of CoreDNS on clusters with more than one node. None is an error; one, as K3s installs it, is told for information: it works until its node is drained.',
  why: "When its node is drained, restarted or migrated, no name resolves anywhere in the cluster: `EAI_AGAIN`, token refreshes fail, and what depends on them restarts.",
  fix: [
    { what: 'Two, on different nodes. On K3s the manifest is written anew at each start of a server; scale it by the HorizontalPodAutoscaler or by a copy of your own.', command: 'kubectl -n kube-system scale deployment coredns --replicas=2' },
  ],
  refs: ['migration hazards H20'],
  check(view) {
    const { workload: dns } = view.picture.dns;
    if (dns === undefined) return { unknown: 'CoreDNS is not in the snapshot' };
    if (dns.kind === 'DaemonSet' || view.nodes.length < 2) return view.nodes.length === 0 ? { unknown: 'nodes are not in the snapshot' } : [];
    const replicas = dns.spec?.replicas ?? 1;
    return replicas > 1 ? [] : [{
      subjects: [subjectOf(dns)],
      severity: replicas === 0 ? 'error' : 'info',
      summary: `${dns.metadata.name} has ${replicas} replica${replicas === 1 ? '' : 's'} for ${view.nodes.length} nodes`,
      evidence: [view.seen(dns, 'spec.replicas', String(replicas))],
    }];
  },
  bad: [node('n1'), node('n2', { address: '192.168.10.12' }), workload('Deployment', 'coredns', 'coredns:1.12', { replicas: 1, labels: { 'k8s-app': 'kube-dns' } })],
  good: [node('n1'), node('n2', { address: '192.168.10.12' }), workload('Deployment', 'coredns', 'coredns:1.12', { replicas: 2, labels: { 'k8s-app': 'kube-dns' } })],
};
