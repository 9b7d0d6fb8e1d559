/** FL-CNI-006. */
import type { ContainerSpec, EventObject as Event } from '../../../cluster/snapshot/typed.ts';
import { calicoNode, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const calicoToken: Rule = {
  id: 'FL-CNI-006',
  title: "Calico does not renew its plugin's token",
  severity: 'error',
  faults: ['N6'],
  looksAt: 'The variable CALICO_MANAGE_CNI of the DaemonSet calico-node: with `false` nobody renews calico-kubeconfig. Events with `connection is unauthorized` make it certain.',
  why: 'For a day all is fine; then every pod that starts or ends fails: `plugin type="calico" failed (add): error getting ClusterInformation: connection is unauthorized: Unauthorized`.',
  fix: [{ what: 'Let calico-node manage it, and restart it.', command: 'kubectl -n kube-system set env daemonset/calico-node CALICO_MANAGE_CNI=true' }],
  refs: ['calico#6546', 'calico#5712', 'calico#4857', 'calico#9428'],
  check(view) {
    const daemonSet = view.picture.cnis.find(({ name, how }) => name === 'calico' && how !== 'trace')?.daemonSet;
    const events = view.index.objects<Event>('Event').filter(({ message = '' }) => /calico.*connection is unauthorized/s.test(message));
    if (events.length > 0) return [{
      subjects: events.slice(0, 5).map(({ involvedObject: about }) => `${about?.kind ?? 'Pod'} ${about?.namespace ?? ''}/${about?.name ?? ''}`),
      summary: `Calico's plugin is not let in by the API server (${events.length} events)`,
      evidence: events.slice(0, 2).map((one) => view.seen(one, 'message', one.message)),
    }];
    if (daemonSet === undefined) return { skip: 'Calico does not run here' };
    const containers: ContainerSpec[] = daemonSet.spec?.template?.spec?.containers ?? [];
    const variable = containers.flatMap(({ env = [] }) => env).find(({ name }) => name === 'CALICO_MANAGE_CNI');
    return variable?.value === 'false' ? [{
      subjects: [subjectOf(daemonSet)],
      severity: 'warning',
      summary: 'CALICO_MANAGE_CNI is false, so that nothing renews the token of the plugin',
      evidence: [view.seen(daemonSet, 'env CALICO_MANAGE_CNI', 'false')],
    }] : [];
  },
  bad: [node('n1'), calicoNode([{ name: 'CALICO_MANAGE_CNI', value: 'false' }])],
  good: [node('n1'), calicoNode([{ name: 'CALICO_MANAGE_CNI', value: 'true' }])],
};
