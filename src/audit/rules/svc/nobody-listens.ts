/** FL-SVC-003. */
import { host, pod, service } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { isLoopback, isReadyPod, socketsOf, targetOf } from '../../service-ports.ts';
import { subjectOf } from '../../view.ts';

export const nobodyListens: Rule = {
  id: 'FL-SVC-003',
  title: "Nothing listens on a Service's target port, or only on 127.0.0.1",
  severity: 'error',
  faults: ['X3', 'X4'],
  looksAt: "Listening sockets in the network namespace of each ready pod behind a Service, where they were read: TCP ports must have a listener on all addresses or on the pod's own.",
  why: "`connection refused` from everywhere but from inside the pod. `kubectl port-forward` works all the same when the process listens on 127.0.0.1, because it dials there. Neither CNI nor policies have a part in it.",
  fix: [{ what: 'Let the process listen on 0.0.0.0 (or ::), or correct the target port.' }],
  refs: ['faults: popular beliefs 1 and 6'],
  check(view) {
    let read = 0;
    const found = view.services.flatMap((one) => (one.spec?.ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP').flatMap((port) => {
      const odd = view.backends(one).filter(isReadyPod).flatMap((each) => {
        const [sockets, target] = [socketsOf(view, each), targetOf(port, each)];
        if (sockets === undefined || target === undefined) return [];
        read++;
        const there = sockets.filter((socket) => socket.protocol === 'tcp' && socket.port === target);
        return there.some(({ address }) => !isLoopback(address)) ? [] : [{ each, target, there, sockets }];
      });
      const [first] = odd;
      if (first === undefined) return [];
      const { each, target, there, sockets } = first;
      const what = there.length > 0 ? `listens on ${there[0]?.address ?? ''} only` : 'has no listener';
      return [{
        subjects: [subjectOf(one), ...odd.map((both) => subjectOf(both.each))],
        summary: `Service ${one.metadata.namespace ?? ''}/${one.metadata.name} port ${port.port} leads to port ${target}, which ${what} in ${odd.length} pod${odd.length === 1 ? '' : 's'}`,
        evidence: [view.seen(one, 'spec.ports', `port ${port.port}, targetPort ${String(port.targetPort ?? port.port)}`), view.derived(`sockets of ${subjectOf(each)} (ss -ltn in its network namespace)`, sockets.map(({ address, port: at, process }) => `${address}:${at}${process === undefined ? '' : ` ${process}`}`).join(', ') || 'none', 'observed')],
      }];
    }));
    return read === 0 && view.services.length > 0 ? { unknown: 'the network namespaces of pods were not read' } : found;
  },
  bad: [
    service('web', {}),
    pod('a', { ip: '10.42.0.7' }),
    host('n1', { pods: [{ addresses: ['10.42.0.7'], sockets: [{ protocol: 'tcp', address: '127.0.0.1', port: 8080, process: 'app' }] }] }),
  ],
  good: [
    service('web', {}),
    pod('a', { ip: '10.42.0.7' }),
    host('n1', { pods: [{ addresses: ['10.42.0.7'], sockets: [{ protocol: 'tcp', address: '*', port: 8080, process: 'app' }] }] }),
  ],
};
