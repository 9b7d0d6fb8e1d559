/** FL-ML-006. */
import type { KubeObject } from '../../../cluster/objects.ts';
import { selects, type LabelSelector } from '../../../cluster/selector.ts';
import { object, service } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

interface Monitor extends KubeObject { spec?: { selector?: LabelSelector; namespaceSelector?: { any?: boolean; matchNames?: string[] }; endpoints?: { port?: string; targetPort?: string | number }[] } }

export const monitorPort: Rule = {
  id: 'FL-ML-006',
  title: 'A ServiceMonitor finds no Service, or a port that the Service does not have',
  severity: 'warning',
  faults: [],
  looksAt: 'The selector of every ServiceMonitor in its namespaces, and its endpoints\' port by name in the Services that it selects.',
  why: 'Prometheus has no target, or drops it without a word: dashboards are empty, and it looks as if the network were to blame.',
  fix: [{ what: 'Name the port in the Service, or correct the selector.', command: 'kubectl -n NAMESPACE get services --show-labels' }],
  refs: ['prometheus-operator: troubleshooting'],
  check(view) {
    const monitors = view.index.objects<Monitor>('ServiceMonitor');
    if (monitors.length === 0) return { skip: 'no ServiceMonitor is in the snapshot' };
    if (!view.index.complete('Service')) return { unknown: 'Services are not in the snapshot' };
    // Manifests of one application monitor namespaces that they are not about, such as kube-system.
    const elsewhere: { what: string; why: string }[] = [];
    const there = new Set(view.services.map(({ metadata }) => metadata.namespace));
    const found = monitors.flatMap((one) => {
      const { selector, namespaceSelector, endpoints = [] } = one.spec ?? {};
      const names = namespaceSelector?.any === true ? undefined : namespaceSelector?.matchNames ?? [one.metadata.namespace ?? ''];
      const services = view.services.filter((each) => (names === undefined || names.includes(each.metadata.namespace ?? '')) && selects(selector ?? {}, each));
      if (services.length === 0 && view.snapshot.source === 'files' && names?.some((name) => there.has(name)) !== true) {
        elsewhere.push({ what: subjectOf(one), why: `Services of ${names?.join(', ') ?? 'all namespaces'} are not in the snapshot` });
        return [];
      }
      if (services.length === 0) return [{
        subjects: [subjectOf(one)],
        summary: `ServiceMonitor ${one.metadata.namespace ?? ''}/${one.metadata.name} selects no Service`,
        evidence: [view.seen(one, 'spec.selector', selector ?? {}), view.derived('namespaces', names?.join(', ') ?? 'all')],
      }];
      const wrong = endpoints.filter(({ port }) => port !== undefined && !services.some(({ spec }) => spec?.ports?.some(({ name }) => name === port) === true));
      return wrong.map(({ port }) => ({
        subjects: [subjectOf(one), ...services.map(subjectOf)],
        summary: `ServiceMonitor ${one.metadata.namespace ?? ''}/${one.metadata.name} scrapes port ${port ?? ''}, which no Service that it selects has`,
        evidence: [
          view.seen(one, 'spec.endpoints', `port ${port ?? ''}`),
          ...services.slice(0, 3).map((each) => view.seen(each, 'spec.ports', (each.spec?.ports ?? []).map(({ name, port: number }) => `${name ?? 'without a name'} ${number}`).join(', '))),
        ],
      }));
    });
    return { found, partly: elsewhere };
  },
  bad: [
    object('monitoring.coreos.com/v1', 'ServiceMonitor', 'web', { spec: { selector: { matchLabels: { app: 'a' } }, endpoints: [{ port: 'metrics' }] } }),
    service('web', {}, { labels: { app: 'a' } }),
  ],
  good: [
    object('monitoring.coreos.com/v1', 'ServiceMonitor', 'web', { spec: { selector: { matchLabels: { app: 'a' } }, endpoints: [{ port: 'metrics' }] } }),
    service('web', { ports: [{ name: 'metrics', port: 9090 }] }, { labels: { app: 'a' } }),
  ],
};
