/** FL-SVC-002. */
import { pod, service } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { containersOf, targetOf } from '../../service-ports.ts';
import { subjectOf } from '../../view.ts';

export const namedPort: Rule = {
  id: 'FL-SVC-002',
  title: "A Service's target port is a name that its pods do not have",
  severity: 'error',
  faults: [],
  looksAt: 'targetPort by name, resolved for each selected pod; name and protocol must match a port of a container.',
  why: 'The pod is left out of the endpoints for that port: `connection refused`, or traffic goes to the few pods that have the name.',
  fix: [{ what: 'Name the port in the pod, or use its number.' }],
  refs: ['kubernetes.io: services, port definitions'],
  check(view) {
    if (!view.index.complete('Pod')) return { unknown: 'no pods are in the snapshot' };
    return view.services.flatMap((one) => (one.spec?.ports ?? []).filter(({ targetPort }) => typeof targetPort === 'string').flatMap((port) => {
      const pods = view.backends(one);
      const without = pods.filter((each) => targetOf(port, each) === undefined);
      if (without.length === 0) return [];
      const names = [...new Set(without.flatMap((each) => containersOf(each).flatMap(({ ports = [] }) => ports.map(({ name, containerPort, protocol }) => `${name ?? 'without a name'} ${containerPort}/${protocol ?? 'TCP'}`))))];
      return [{
        subjects: [subjectOf(one), ...without.map(subjectOf)],
        severity: without.length === pods.length ? 'error' as const : 'warning' as const,
        summary: `${without.length} of ${pods.length} pods of Service ${one.metadata.namespace ?? ''}/${one.metadata.name} have no port named ${String(port.targetPort)} (${port.protocol ?? 'TCP'})`,
        evidence: [
          view.seen(one, 'spec.ports', `targetPort ${String(port.targetPort)}, protocol ${port.protocol ?? 'TCP'}`),
          view.seen(without[0] as never, 'spec.containers.ports', names.join(', ') || 'none'),
        ],
      }];
    }));
  },
  bad: [
    service('web', { ports: [{ port: 80, targetPort: 'http' }] }),
    pod('a', { containers: [{ name: 'c', image: 'x', ports: [{ name: 'web', containerPort: 8080 }] }] }),
  ],
  good: [
    service('web', { ports: [{ port: 80, targetPort: 'http' }] }),
    pod('a', { containers: [{ name: 'c', image: 'x', ports: [{ name: 'http', containerPort: 8080 }] }] }),
  ],
};
