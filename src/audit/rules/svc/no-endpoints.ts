/** FL-SVC-001. */
import { pod, service } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { isReadyPod, statusText } from '../../service-ports.ts';
import { subjectOf } from '../../view.ts';

export const noEndpoints: Rule = {
  id: 'FL-SVC-001',
  title: 'A Service has no ready endpoint',
  severity: 'error',
  faults: [],
  looksAt: 'Services with a selector: the pods that it selects in their namespace, and whether one is ready. Services whose workloads are scaled to 0, and headless ones without pods, are told for information.',
  why: 'kube-proxy rejects the connection: `connection refused` at once, although pods may run. With Cilium it times out.',
  fix: [
    { what: 'Compare the selector with the labels of the pods; where pods are selected and not ready, see why.', command: 'kubectl -n NAMESPACE get pods --show-labels\nkubectl -n NAMESPACE describe endpointslice -l kubernetes.io/service-name=NAME' },
  ],
  refs: ['kubernetes.io: debug services'],
  check(view) {
    if (!view.index.complete('Pod')) return { unknown: 'no pods are in the snapshot' };
    return view.services.flatMap((one) => {
      const selector = one.spec?.selector ?? {};
      if (Object.keys(selector).length === 0 || one.spec?.type === 'ExternalName' || one.spec?.publishNotReadyAddresses === true) return [];
      const pods = view.backends(one);
      const ready = pods.filter(isReadyPod);
      const inSlices = view.slices(one).some(({ endpoints = [] }) => endpoints.some(({ conditions }) => conditions?.ready !== false));
      if (ready.length > 0 || inSlices) return [];
      const namespace = one.metadata.namespace ?? '';
      const scaledDown = view.workloads().some((workload) => workload.metadata.namespace === namespace && workload.spec?.replicas === 0 && Object.entries(selector).every(([key, value]) => workload.spec?.template?.metadata?.labels?.[key] === value));
      const said = view.seen(one, 'spec.selector', selector);
      const quiet = scaledDown || (one.spec?.clusterIP === 'None' && pods.length === 0);
      if (pods.length === 0) return [{
        subjects: [subjectOf(one)],
        severity: quiet ? 'info' as const : 'error' as const,
        summary: `Service ${namespace}/${one.metadata.name} selects no pod${scaledDown ? '; its workload is scaled to 0' : ''}`,
        evidence: [said, view.derived(`pods of namespace ${namespace}`, `${view.podsOf(namespace, {}).length}, of which none matches`)],
      }];
      return [{
        subjects: [subjectOf(one), ...pods.map(subjectOf)],
        summary: `none of the ${pods.length} pod${pods.length === 1 ? '' : 's'} of Service ${namespace}/${one.metadata.name} is ready`,
        evidence: [
          said,
          ...pods.slice(0, 3).map((each) => view.seen(each, 'status', statusText(each))),
        ],
      }];
    });
  },
  bad: [service('web', { selector: { app: 'webb' } }), pod('a', { labels: { app: 'web' } })],
  good: [service('web', { selector: { app: 'web' } }), pod('a', { labels: { app: 'web' } }), service('ext', { selector: {} })],
};
