/** FL-CNI-010. */
import { calicoNode, ipPool, node, pod } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const podsOnOldCni: Rule = {
  id: 'FL-CNI-010',
  title: 'Pods are still on the CNI that was there before',
  severity: 'error',
  faults: ['L3'],
  looksAt: "Running pods that are not on the host network and that the running CNI does not know: no annotation cni.projectcalico.org/podIP where Calico runs, no CiliumEndpoint where Cilium runs (and CiliumEndpoints are in the snapshot).",
  why: "Pods keep the network that they were made with: the new CNI has no route to them and no policy for them. New pods do not reach old ones; Cilium says `Cluster Pods: 0/3 managed by Cilium`.",
  fix: [{ what: 'Recreate them, DNS first.', command: 'kubectl -n kube-system rollout restart deployment coredns\nkubectl -n NAMESPACE rollout restart deployment NAME' }],
  refs: ['docs.cilium.io kubernetes/concepts', 'kube-router: generic.md', 'k3s#8100'],
  check(view) {
    const name = view.picture.cni?.name;
    if (name !== 'calico' && name !== 'cilium') return { skip: 'only Calico and Cilium mark the pods that they serve' };
    const running = view.netPods.filter(({ status, metadata }) => status?.phase === 'Running' && status.podIP !== undefined && metadata.deletionTimestamp === undefined);
    if (running.length === 0) return { unknown: 'no running pods are in the snapshot' };
    if (name === 'cilium' && !view.index.complete('CiliumEndpoint')) return { unknown: 'CiliumEndpoints are not in the snapshot' };
    const old = running.filter((one) => (name === 'calico' ? one.metadata.annotations?.['cni.projectcalico.org/podIP'] === undefined && one.metadata.annotations?.['cni.projectcalico.org/podIPs'] === undefined : view.index.find('CiliumEndpoint', one.metadata.name, one.metadata.namespace) === undefined));
    if (old.length === 0) return [];
    // In manifests nothing has an annotation; a cluster has some that have.
    if (old.length === running.length && name === 'calico' && view.snapshot.source === 'files' && running.length > 20) return { unknown: 'no pod has an annotation of Calico\'s; the input may have been written without annotations' };
    return [{
      subjects: old.map(subjectOf),
      summary: `${old.length} of ${running.length} pods were not made by ${name}, which runs`,
      evidence: old.slice(0, 4).map((one) => view.seen(one, '', `made ${one.metadata.creationTimestamp ?? 'at a time that is not known'}, address ${one.status?.podIP ?? ''}, ${name === 'calico' ? 'no annotation cni.projectcalico.org/podIP' : 'no CiliumEndpoint'}`)),
    }];
  },
  bad: [
    node('n1', { args: ['--flannel-backend', 'none'] }),
    calicoNode(),
    ipPool('p', { cidr: '10.42.0.0/16' }),
    pod('old', { ip: '10.42.0.9' }),
    pod('new', { ip: '10.42.0.70', annotations: { 'cni.projectcalico.org/podIP': '10.42.0.70/32' } }),
  ],
  good: [
    node('n1', { args: ['--flannel-backend', 'none'] }),
    calicoNode(),
    ipPool('p', { cidr: '10.42.0.0/16' }),
    pod('new', { ip: '10.42.0.70', annotations: { 'cni.projectcalico.org/podIP': '10.42.0.70/32' } }),
  ],
};
