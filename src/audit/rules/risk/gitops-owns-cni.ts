/** FL-RISK-007. */
import type { KubeObject } from '../../../cluster/objects.ts';
import { object } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

/** Objects and charts of CNIs and load balancers. */
const NETWORK = /calico|tigera|cilium|flannel|canal|metallb|multus|kube-router|kube-proxy|coredns/i;

interface Application extends KubeObject {
  spec?: { syncPolicy?: { automated?: object }; source?: { chart?: string; path?: string }; chart?: { spec?: { chart?: string } }; path?: string; suspend?: boolean };
  status?: { resources?: { kind?: string; namespace?: string; name?: string }[] };
}

export const gitopsOwnsCni: Rule = {
  id: 'FL-RISK-007',
  title: 'A GitOps controller owns parts of the network',
  severity: 'warning',
  faults: [],
  looksAt: "Applications of Argo CD, HelmReleases and Kustomizations of Flux, and HelmCharts of K3s, by chart, path and the objects that they keep.",
  why: 'It puts back what a change of CNI changes, within minutes and in the middle of it.',
  fix: [
    { what: 'Suspend it for the time, or make the change in its repository.', command: "kubectl -n argocd patch application NAME --type merge -p '{\"spec\":{\"syncPolicy\":null}}'\nflux suspend helmrelease NAME -n NAMESPACE" },
  ],
  refs: ['migration hazards H29'],
  check(view) {
    const kinds = ['Application', 'HelmRelease', 'Kustomization', 'HelmChart'] as const;
    return kinds.flatMap((kind) => view.index.objects<Application>(kind)).flatMap((one) => {
      const names = [one.metadata.name, one.spec?.source?.chart, one.spec?.source?.path, one.spec?.chart?.spec?.chart, typeof one.spec?.chart === 'string' ? one.spec.chart : undefined, one.spec?.path].flatMap((text) => (typeof text === 'string' ? [text] : []));
      const kept = (one.status?.resources ?? []).filter(({ kind: of = '', name = '' }) => NETWORK.test(name) || ['IPPool', 'Installation', 'IPAddressPool', 'FelixConfiguration'].includes(of));
      const hit = names.find((text) => NETWORK.test(text));
      if ((hit === undefined && kept.length === 0) || one.spec?.suspend === true) return [];
      return [{
        subjects: [subjectOf(one)],
        summary: `${one.kind} ${one.metadata.namespace ?? ''}/${one.metadata.name} keeps ${hit ?? kept.map(({ kind: of, name }) => `${of ?? ''} ${name ?? ''}`).slice(0, 3).join(', ')}${one.spec?.syncPolicy?.automated === undefined ? '' : ', and syncs by itself'}`,
        evidence: [view.seen(one, 'spec', hit ?? kept.slice(0, 3))],
      }];
    });
  },
  bad: [
    object('argoproj.io/v1alpha1', 'Application', 'network', { spec: { source: { chart: 'tigera-operator' }, syncPolicy: { automated: { selfHeal: true } } } }, 'argocd'),
  ],
  good: [object('argoproj.io/v1alpha1', 'Application', 'shop', { spec: { source: { path: 'apps/shop' } } }, 'argocd')],
};
