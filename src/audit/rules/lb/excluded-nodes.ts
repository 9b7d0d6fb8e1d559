/** FL-LB-007. */
import { addressPool, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

const LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';

export const excludedNodes: Rule = {
  id: 'FL-LB-007',
  title: 'Every node is excluded from load balancing',
  severity: 'error',
  faults: ['B4'],
  looksAt: `The label ${LABEL}, which kubeadm puts on control-plane nodes, on all nodes where MetalLB runs.`,
  why: 'MetalLB announces from no node: Services have an address that nobody answers for. Usual on clusters with one node.',
  fix: [{ what: 'Take the label off.', command: `kubectl label node --all ${LABEL}-` }],
  refs: ['metallb.io/troubleshooting'],
  check(view) {
    if (!view.picture.loadBalancers.some(({ name }) => name === 'metallb')) return { skip: 'MetalLB is not in the snapshot' };
    if (view.nodes.length === 0) return { unknown: 'nodes are not in the snapshot' };
    const out = view.nodes.filter(({ metadata }) => metadata.labels?.[LABEL] !== undefined);
    return out.length < view.nodes.length ? [] : [{
      subjects: out.map(({ metadata }) => `Node ${metadata.name}`),
      summary: `all ${out.length} nodes have the label ${LABEL}`,
      evidence: out.slice(0, 3).map((one) => view.seen(one, 'metadata.labels', LABEL)),
    }];
  },
  bad: [node('n1', { labels: { [LABEL]: '' } }), addressPool('lan', ['192.168.10.200/29'])],
  good: [node('n1', { labels: { [LABEL]: '' } }), node('n2', { address: '192.168.10.12' }), addressPool('lan', ['192.168.10.200/29'])],
};
