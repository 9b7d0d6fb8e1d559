/** FL-SVC-003. */
import type { Pod, ServiceObject, ServicePort } from '../../../cluster/snapshot/typed.ts';
import { host, pod, service } from '../../examples.ts';
import type { Found, Rule } from '../../rule.ts';
import { hasMeshProxy, isReadyPod, servedAddresses, socketsOf, takes, targetOf } from '../../service-ports.ts';
import { subjectOf, type View } from '../../view.ts';

type Socket = NonNullable<ReturnType<typeof socketsOf>>[number];
interface Odd { pod: Pod; target: number; there: Socket[]; sockets: Socket[] }

/** A pod behind a port of a Service: fine, not to be told, or odd. */
function judge(view: View, one: ServiceObject, port: ServicePort, each: Pod): 'fine' | 'unread' | Odd {
  const target = targetOf(port, each);
  // A name that the pod does not have is another rule's.
  if (target === undefined) return 'fine';
  const sockets = socketsOf(view, each);
  if (sockets === undefined) return 'unread';
  const protocol = (port.protocol ?? 'TCP').toLowerCase();
  const there = sockets.filter((socket) => socket.protocol === protocol && socket.port === target);
  // A pod without an address of the Service's family is none of its endpoints.
  if (servedAddresses(one, each).every((ip) => there.some((socket) => takes(socket, ip)))) return 'fine';
  return there.length > 0 && hasMeshProxy(each) ? 'unread' : { pod: each, target, there, sockets };
}

function finding(view: View, one: ServiceObject, port: ServicePort, odd: readonly Odd[]): Found[] {
  const [first] = odd;
  if (first === undefined) return [];
  const { pod: each, target, there, sockets } = first;
  const what = there.length > 0 ? `listens on ${there.map(({ address }) => address).join(', ')} only` : 'has no listener';
  return [{
    subjects: [subjectOf(one), ...odd.map((both) => subjectOf(both.pod))],
    summary: `Service ${one.metadata.namespace ?? ''}/${one.metadata.name} port ${port.port} leads to port ${target}, which ${what} in ${odd.length} pod${odd.length === 1 ? '' : 's'}`,
    evidence: [
      view.seen(one, 'spec.ports', `port ${port.port}, targetPort ${String(port.targetPort ?? port.port)}, ${port.protocol ?? 'TCP'}`),
      view.derived(`sockets of ${subjectOf(each)} (ss -lntup in its network namespace)`, sockets.map(({ protocol, address, port: at, process }) => `${protocol} ${address}:${at}${process === undefined ? '' : ` ${process}`}`).join(', ') || 'none', 'observed'),
    ],
  }];
}

export const nobodyListens: Rule = {
  id: 'FL-SVC-003',
  title: "Nothing listens on a Service's target port, or only on 127.0.0.1",
  severity: 'error',
  faults: ['X3', 'X4'],
  looksAt: "Listening sockets, as seen in the network namespace of each ready pod behind a Service: TCP and UDP ports must have a listener on all addresses of the Service's family or on the pod's own. Where a namespace was not read, nothing is said of that pod; nor where a mesh's proxy in the pod hands connections on to 127.0.0.1.",
  why: "`connection refused` from everywhere but from inside the pod. `kubectl port-forward` works all the same when the process listens on 127.0.0.1, because it dials there. Neither CNI nor policies have a part in it.",
  fix: [{ what: 'Let the process listen on 0.0.0.0 (or ::), or correct the target port.' }],
  refs: ['faults: popular beliefs 1 and 6'],
  check(view) {
    const untold = new Set<string>();
    let [read, unread] = [0, 0];
    const found = view.services.flatMap((one) => {
      const backends = view.backends(one).filter(isReadyPod);
      return (one.spec?.ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP' || protocol === 'UDP').flatMap((port) => {
        const verdicts = backends.map((each) => judge(view, one, port, each));
        const missing = verdicts.filter((verdict) => verdict === 'unread').length;
        read += verdicts.length - missing;
        unread += missing;
        if (missing > 0) untold.add(`${one.metadata.namespace ?? ''}/${one.metadata.name}`);
        return finding(view, one, port, verdicts.filter((verdict) => typeof verdict !== 'string'));
      });
    });
    if (read === 0 && view.services.length > 0) return { unknown: 'who listens in pods was not read' };
    if (unread === 0) return found;
    const names = [...untold];
    return { found, partly: [{ what: `${names.length === 1 ? 'Service' : `${names.length} Services:`} ${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`, why: 'who listens was not read in all of their pods, or a proxy in the pod hands connections on' }] };
  },
  bad: [
    service('web', {}),
    pod('a', { ip: '10.42.0.7' }),
    host('n1', { pods: [{ addresses: ['10.42.0.7'], sockets: [{ protocol: 'tcp', address: '127.0.0.1', port: 8080, process: 'app' }] }] }),
  ],
  good: [
    service('web', {}),
    pod('a', { ip: '10.42.0.7' }),
    host('n1', { pods: [{ addresses: ['10.42.0.7'], sockets: [{ protocol: 'tcp', address: '0.0.0.0', port: 8080, process: 'app' }] }] }),
  ],
};
