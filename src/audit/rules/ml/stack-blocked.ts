/** FL-ML-007. */
import type { Pod } from '../../../cluster/snapshot/typed.ts';
import { pod, policy, service } from '../../examples.ts';
import { blockedBy, isolating, networkPolicies, otherPolicies } from '../../policies.ts';
import type { Rule } from '../../rule.ts';
import { targetOf } from '../../service-ports.ts';
import { subjectOf } from '../../view.ts';

/** Stores and servers of an MLOps stack, by their Services' names and images. */
const STORES: readonly { what: string; pattern: RegExp }[] = [
  { what: 'MLflow', pattern: /mlflow/ }, { what: 'MinIO', pattern: /minio/ }, { what: 'Argo Workflows', pattern: /argo(-workflows)?-server|argocli/ },
  { what: 'Grafana', pattern: /grafana/ }, { what: 'Prometheus', pattern: /prometheus-server|prometheus-operated|prom\/prometheus|prometheus\/prometheus/ },
];

/** Names of ports that are there for the thing itself and for Prometheus. */
const AUXILIARY = /metrics|reloader|health/;

export const stackBlocked: Rule = {
  id: 'FL-ML-007',
  title: 'Policies close MLflow, MinIO, Argo, Grafana or Prometheus to everybody',
  severity: 'warning',
  faults: [],
  looksAt: "Services of these by name or image: their pods are isolated for ingress, and no pod of another workload in the cluster may connect to the Service's port. Ports for metrics, health and reloading beside others are not meant.",
  why: 'Model downloads, experiment tracking, workflows and dashboards time out for everybody, while the pods themselves are healthy.',
  fix: [{ what: 'Allow the namespaces that use it.', command: 'ingress:\n- from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAMESPACE}}}]\n  ports: [{port: PORT}]' }],
  refs: [],
  check(view) {
    if (networkPolicies(view).length === 0) return { skip: 'there are no NetworkPolicies in the snapshot' };
    if (!view.index.complete('Pod')) return { unknown: 'no pods are in the snapshot' };
    const others = otherPolicies(view);
    return view.services.flatMap((one) => {
      const [target] = view.backends(one);
      const images = (target?.spec?.containers ?? []).map(({ image = '' }) => image).join(' ');
      const store = STORES.find(({ pattern }) => pattern.test(one.metadata.name) || pattern.test(images));
      if (target === undefined || store === undefined || isolating(view, target, 'ingress').length === 0) return [];
      const owner = (each: Pod): string => each.metadata.ownerReferences?.[0]?.uid ?? each.metadata.name;
      const clients = view.netPods.filter((each) => each !== target && owner(each) !== owner(target));
      return (one.spec?.ports ?? []).filter(({ name = '' }, _at, all) => all.length === 1 || !AUXILIARY.test(name)).flatMap((port) => {
        const number = targetOf(port, target);
        const protocol = port.protocol ?? 'TCP';
        if (number === undefined || clients.length === 0 || clients.some((each) => blockedBy(view, each, target, number, protocol) === undefined)) return [];
        const policies = isolating(view, target, 'ingress');
        return [{
          subjects: [subjectOf(one), ...policies.map(subjectOf)],
          summary: `none of ${clients.length} pods may reach ${store.what} at Service ${one.metadata.namespace ?? ''}/${one.metadata.name} port ${port.port}`,
          evidence: [
            ...policies.map((each) => view.seen(each, 'spec.ingress', each.spec?.ingress ?? [])),
            ...(others.length === 0 ? [] : [view.derived('other policies', `${others.join(', ')} are there and were not judged`, 'inferred')]),
          ],
        }];
      });
    });
  },
  bad: [
    service('mlflow', { selector: { app: 'mlflow' }, ports: [{ port: 5000, targetPort: 5000 }] }),
    pod('mlflow-0', { labels: { app: 'mlflow' }, owner: 'StatefulSet', containers: [{ name: 'c', image: 'ghcr.io/mlflow/mlflow:v3' }] }),
    pod('train', { namespace: 'jobs', owner: null, ip: '10.42.0.8' }),
    policy('deny', { podSelector: {}, policyTypes: ['Ingress'] }),
  ],
  good: [
    service('mlflow', { selector: { app: 'mlflow' }, ports: [{ port: 5000, targetPort: 5000 }] }),
    pod('mlflow-0', { labels: { app: 'mlflow' }, owner: 'StatefulSet', containers: [{ name: 'c', image: 'ghcr.io/mlflow/mlflow:v3' }] }),
    pod('train', { namespace: 'jobs', owner: null, ip: '10.42.0.8' }),
    policy('jobs', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'jobs' } } }] }] }),
  ],
};
