/** FL-SVC-004. */
import { pod } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { containersOf } from '../../service-ports.ts';
import { subjectOf } from '../../view.ts';

export const hostPortClash: Rule = {
  id: 'FL-SVC-004',
  title: 'Two pods of one node want the same port of the host',
  severity: 'error',
  faults: [],
  looksAt: 'hostPort (with hostIP and protocol) of all pods of a node, and containerPort of pods on the host network.',
  why: 'For pods with hostPort the scheduler leaves the second one Pending (`didn\'t have free ports for the requested pod ports`); for processes on the host network the second one fails with `address already in use`. Two static pods or DaemonSets get past the scheduler, and then whichever rule is first wins.',
  fix: [{ what: 'Give one of them another port, or a Service instead.' }],
  refs: [],
  check(view) {
    if (!view.index.complete('Pod')) return { unknown: 'no pods are in the snapshot' };
    const claims = view.pods.filter(({ spec, metadata }) => spec?.nodeName !== undefined && metadata.deletionTimestamp === undefined).flatMap((each) => containersOf(each).flatMap(({ ports = [] }) => ports.flatMap((port) => {
      const number = each.spec?.hostNetwork === true ? (port.hostPort ?? port.containerPort) : port.hostPort;
      return number === undefined ? [] : [{ each, key: `${each.spec?.nodeName ?? ''} ${port.protocol ?? 'TCP'} ${number}`, ip: port.hostIP ?? '' }];
    })));
    return [...Map.groupBy(claims, ({ key }) => key)].flatMap(([key, all]) => {
      const pods = [...new Map(all.map(({ each }) => [subjectOf(each), each])).values()];
      const apart = all.every(({ ip }) => ip !== '' && ip !== '0.0.0.0') && new Set(all.map(({ ip }) => ip)).size === all.length;
      if (pods.length < 2 || apart) return [];
      const [nodeName = '', protocol = '', number = ''] = key.split(' ');
      // Declared ports of host-network pods need not be opened.
      const certain = pods.every(({ spec }) => spec?.hostNetwork !== true);
      return [{
        subjects: pods.map(subjectOf),
        severity: certain ? 'error' as const : 'warning' as const,
        summary: `${pods.length} pods of node ${nodeName} want its port ${number}/${protocol}`,
        evidence: pods.map((each) => view.seen(each, 'spec.containers.ports', `${number}/${protocol}${each.spec?.hostNetwork === true ? ' on the host network' : ' as hostPort'}`)),
      }];
    });
  },
  bad: [
    pod('a', { containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80, hostPort: 80 }] }] }),
    pod('b', { ip: '10.42.0.6', containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 8080, hostPort: 80 }] }] }),
  ],
  good: [
    pod('a', { containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80, hostPort: 80 }] }] }),
    pod('b', { node: 'n2', ip: '10.42.1.6', containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 8080, hostPort: 80 }] }] }),
  ],
};
