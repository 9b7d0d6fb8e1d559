/** FL-IPAM-007. */
import { flannelDaemonSet, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const noPodCidr: Rule = {
  id: 'FL-IPAM-007',
  title: 'A node has no podCIDR, and its CNI needs one',
  severity: 'error',
  faults: ['C6'],
  looksAt: 'spec.podCIDR of nodes where Flannel, or Cilium with `ipam: kubernetes`, takes addresses from it.',
  why: 'Flannel stops with `node "x" pod cidr not assigned`, Cilium with `required IPv4 PodCIDR not available`; every pod of the node stays in ContainerCreating.',
  fix: [{ what: 'Let the controller manager give ranges: --allocate-node-cidrs=true and --cluster-cidr (kubeadm: networking.podSubnet).' }],
  refs: ['k8s-snap#1762'],
  check(view) {
    const { cni } = view.picture;
    const cilium = view.index.objects('ConfigMap').find(({ metadata }) => metadata.name === 'cilium-config')?.['data'] as Record<string, string> | undefined;
    if (cni?.name !== 'flannel' && !(cni?.name === 'cilium' && cilium?.['ipam'] === 'kubernetes')) return { skip: 'the CNI gives addresses of its own pools, or is not known' };
    return view.nodes.filter(({ spec }) => spec.podCIDR === undefined).map((one) => ({
      subjects: [subjectOf(one)],
      summary: `node ${one.metadata.name} has no podCIDR, which ${cni.name} needs`,
      evidence: [view.seen(one, 'spec.podCIDR', 'not set'), view.derived('CNI', cni.evidence)],
    }));
  },
  bad: [node('n1'), flannelDaemonSet()],
  good: [node('n1', { podCIDR: '10.244.0.0/24' }), flannelDaemonSet()],
};
