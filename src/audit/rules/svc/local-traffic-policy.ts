/** FL-SVC-005. */
import { node, pod, service } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { isReadyPod } from '../../service-ports.ts';
import { subjectOf } from '../../view.ts';

export const localTrafficPolicy: Rule = {
  id: 'FL-SVC-005',
  title: 'externalTrafficPolicy Local, and most nodes have no endpoint',
  severity: 'warning',
  faults: ['B11', 'B4'],
  looksAt: 'NodePort and LoadBalancer Services with externalTrafficPolicy Local: the nodes of their ready pods against all nodes. An error when no node has one. A load balancer that asks healthCheckNodePort, and MetalLB in layer 2, choose nodes that have one; a DNS name or a fixed list of nodes does not.',
  why: 'A node without an endpoint of its own drops the connection in silence: clients time out, on some nodes only.',
  fix: [
    { what: 'Use Cluster if the client\'s address is not needed, or have a pod on every node that clients come to (topologySpreadConstraints, DaemonSet).', command: "kubectl -n NAMESPACE patch service NAME -p '{\"spec\":{\"externalTrafficPolicy\":\"Cluster\"}}'" },
  ],
  refs: ['metallb.io/troubleshooting'],
  check(view) {
    if (!view.index.complete('Pod') || view.nodes.length === 0) return { unknown: 'pods or nodes are not in the snapshot' };
    const metallb = view.picture.loadBalancers.some(({ name }) => name === 'metallb');
    return view.services.filter(({ spec }) => spec?.externalTrafficPolicy === 'Local' && (spec.type === 'LoadBalancer' || spec.type === 'NodePort')).flatMap((one) => {
      const nodes = new Set(view.backends(one).filter(isReadyPod).map(({ spec }) => spec?.nodeName));
      if (nodes.size >= view.nodes.length || Object.keys(one.spec?.selector ?? {}).length === 0) return [];
      const follows = one.spec?.type === 'LoadBalancer' && metallb;
      return [{
        subjects: [subjectOf(one)],
        severity: nodes.size === 0 ? 'error' as const : follows ? 'info' as const : 'warning' as const,
        summary: `Service ${one.metadata.namespace ?? ''}/${one.metadata.name} serves local endpoints only, and ${nodes.size} of ${view.nodes.length} nodes have one`,
        evidence: [view.seen(one, 'spec.externalTrafficPolicy', 'Local'), view.derived('nodes with a ready pod', [...nodes].join(', ') || 'none')],
      }];
    });
  },
  bad: [node('n1'), node('n2', { address: '192.168.10.12' }), service('web', { type: 'NodePort', externalTrafficPolicy: 'Local' }), pod('a')],
  good: [node('n1'), node('n2', { address: '192.168.10.12' }), service('web', { type: 'NodePort', externalTrafficPolicy: 'Cluster' }), pod('a')],
};
