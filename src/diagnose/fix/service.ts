/** Slips in Services: a selector next to the labels of pods, a target port next to the one where they listen. Mended only where one answer is left. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { containersOf, hasMeshProxy, isReadyPod, servedAddresses, socketsOf, takes, targetOf } from '../../audit/service-ports.ts';
import { subjectOf, type View } from '../../audit/view.ts';
import type { Pod, ServiceObject, ServicePort } from '../../cluster/snapshot/typed.ts';
import { refOf } from '../../cluster/objects.ts';
import { editDistance } from '../distance.ts';
import { nameOf } from '../observe/scene.ts';
import { cannot, editSpec, type Cannot, type Mender, type Remedy } from './mender.ts';

const UNNAMED = cannot('it is not known which Service is meant: name it by --to service:NAMESPACE/NAME');
/** Labels of single pods and revisions (kubernetes.io: well-known labels): a selector with one of them is no slip. */
const PASSING = new Set(['pod-template-hash', 'controller-revision-hash', 'statefulset.kubernetes.io/pod-name', 'apps.kubernetes.io/pod-index']);

/** Whether a value may stand for another by a slip: one letter is wrong of at least three, or two of at least six; or the other is the Service's own name. */
function isSlip(value: string, meant: string, service: string): boolean {
  const distance = editDistance(value, meant);
  return meant === service || (distance <= 2 && distance * 3 <= Math.max(value.length, meant.length));
}

/** Whether a pod has all ports that a Service leads to: declared by a container, or listened on. */
function hasPorts(view: View, service: ServiceObject, pod: Pod): boolean {
  const sockets = socketsOf(view, pod) ?? [];
  return (service.spec?.ports ?? []).every((port) => {
    const [target, protocol] = [targetOf(port, pod), port.protocol ?? 'TCP'];
    const declared = containersOf(pod).some(({ ports = [] }) => ports.some((one) => one.containerPort === target && (one.protocol ?? 'TCP') === protocol));
    return target !== undefined && (declared || sockets.some((one) => one.port === target && one.protocol === protocol.toLowerCase()));
  });
}

/** Selectors that differ from the Service's in one value, and select ready pods of which each has its ports. */
function selectorsNear(view: View, service: ServiceObject): { key: string; value: string; pods: Pod[] }[] {
  const { namespace = 'default', name } = service.metadata;
  const selector = service.spec?.selector ?? {};
  const found = Object.entries(selector).filter(([key]) => !PASSING.has(key)).flatMap(([key, value]) => {
    const near = view.podsOf(namespace, {}).flatMap(({ metadata: { labels = {} } }) => (Object.entries(selector).every(([other, wanted]) => other === key || labels[other] === wanted) ? (labels[key] ?? []) : []));
    return [...new Set(near)].filter((one) => isSlip(value, one, name)).map((one) => ({ key, value: one, pods: view.podsOf(namespace, { matchLabels: { ...selector, [key]: one } }) }));
  });
  return found.filter(({ pods }) => pods.some(isReadyPod) && pods.every((pod) => hasPorts(view, service, pod)));
}

function selectorFix(view: View, service: ServiceObject): Remedy | Cannot {
  const selector = service.spec?.selector ?? {};
  if (Object.keys(selector).length === 0) return cannot(`Service ${nameOf(service)} has no selector: whoever makes its endpoints must make them`);
  if (view.backends(service).length > 0) return cannot(`Service ${nameOf(service)} selects pods, and none of them is ready: why, their own state tells`);
  const own = view.workloads().find(({ metadata, spec }) => metadata.namespace === service.metadata.namespace && Object.entries(selector).every(([key, value]) => spec?.template?.metadata?.labels?.[key] === value));
  if (own !== undefined) return cannot(`the selector fits ${subjectOf(own)}, which ${own.spec?.replicas === 0 ? 'is scaled to 0: whether that is meant, only you know' : 'has no pods: why, its own state tells'}`);
  const near = selectorsNear(view, service);
  const [one] = near;
  if (one === undefined) return cannot(`no label of the pods of namespace ${service.metadata.namespace ?? 'default'} is so near to the selector of Service ${nameOf(service)} that it must be meant`);
  if (near.length > 1) return cannot(`several labels may be meant: ${near.map(({ key, value }) => `${key}=${value}`).join(', ')}`);
  const was = selector[one.key] ?? '';
  return {
    what: `Service ${nameOf(service)} selects ${one.key}=${one.value} in place of ${one.key}=${was}`,
    why: [`no pod and no workload of the namespace has ${one.key}=${was}`, `${one.pods.length} pod${one.pods.length === 1 ? '' : 's'} (${one.pods.slice(0, 3).map(nameOf).join(', ')}) ${one.pods.length === 1 ? 'has' : 'have'} ${one.key}=${one.value}, all other labels of the selector, and the ports that the Service leads to`, 'it is the only value that is near'],
    aims: [editSpec(refOf(service), (spec) => {
      const living = (spec['selector'] ?? {}) as Readonly<Record<string, string>>;
      return isDeepStrictEqual(living, selector) ? { selector: { ...living, [one.key]: one.value } } : cannot(`the selector of Service ${nameOf(service)} was changed meanwhile`);
    })],
  };
}

/** Ports on which a pod listens at the addresses that the Service sends to; undefined where that was not read. */
function openPorts(view: View, service: ServiceObject, pod: Pod, protocol: string): Set<number> | undefined {
  const sockets = socketsOf(view, pod);
  if (sockets === undefined || hasMeshProxy(pod) || pod.spec?.hostNetwork === true) return undefined;
  const own = sockets.filter((one) => one.protocol === protocol.toLowerCase());
  return new Set(own.filter(({ port }) => servedAddresses(service, pod).every((ip) => own.some((one) => one.port === port && takes(one, ip)))).map(({ port }) => port));
}

const namedPort = (pod: Pod, name: string | undefined, protocol: string): number | undefined => (name === undefined ? undefined : targetOf({ port: 0, targetPort: name, protocol }, pod));

/** The one port that the Service's port can mean. */
function realPort(view: View, service: ServiceObject, port: ServicePort, pods: readonly Pod[]): number | Cannot {
  const protocol = port.protocol ?? 'TCP';
  const open = pods.map((pod) => ({ pod, ports: openPorts(view, service, pod, protocol) }));
  const unread = open.find(({ ports }) => ports === undefined);
  if (unread !== undefined) return cannot(`who listens in Pod ${nameOf(unread.pod)} was not read, or a proxy or the host listens for it`);
  const others = new Set((service.spec?.ports ?? []).filter((one) => one !== port && (one.protocol ?? 'TCP') === protocol).flatMap((one) => pods.map((pod) => targetOf(one, pod))));
  const common = [...(open[0]?.ports ?? [])].filter((one) => !others.has(one) && open.every(({ ports }) => ports?.has(one) === true));
  const named = common.filter((one) => pods.every((pod) => namedPort(pod, port.name, protocol) === one));
  const [only] = common.length === 1 ? common : named;
  if (only === undefined) return cannot(common.length === 0 ? 'its pods listen on no other port that all of them have' : `its pods listen on ${common.join(', ')}, and none of these has the name of the Service's port`);
  return only;
}

function portFix(view: View, service: ServiceObject, port: ServicePort, pods: readonly Pod[]): Remedy | Cannot {
  const { targetPort: was = port.port, protocol = 'TCP' } = port;
  if (pods.length === 0) return cannot(`Service ${nameOf(service)} has no pods`);
  const promised = pods.find((pod) => containersOf(pod).some(({ ports = [] }) => ports.some((one) => one.containerPort === was && (one.protocol ?? 'TCP') === protocol)));
  if (promised !== undefined) return cannot(`a container of Pod ${nameOf(promised)} declares port ${was}: that its process does not listen there is the application's own matter`);
  const real = realPort(view, service, port, pods);
  if (typeof real !== 'number') return real;
  const same = (one: ServicePort): boolean => one.port === port.port && (one.protocol ?? 'TCP') === protocol;
  return {
    what: `port ${port.port} of Service ${nameOf(service)} leads to ${real} in place of ${was}`,
    why: [`no container of its ${pods.length} pod${pods.length === 1 ? '' : 's'} declares ${was} or listens there`, `all of them listen on ${real}, which no other port of the Service leads to`],
    aims: [editSpec(refOf(service), (spec) => {
      const living = (spec['ports'] ?? []) as readonly ServicePort[];
      const found = living.find(same);
      if (found === undefined || (found.targetPort ?? found.port) !== was) return cannot(`port ${port.port} of Service ${nameOf(service)} was changed meanwhile`);
      return { ports: living.map((one) => (one === found ? { ...one, targetPort: real } : one)) };
    })],
  };
}

export const SERVICE_MENDERS: readonly Mender[] = [
  {
    faults: ['K1'], does: 'Puts the selector of the Service right, where it selects nothing and one value alone is near to it: a slip of a letter or two, or the name of the Service itself; of pods that are ready and have the ports that the Service leads to.',
    find: ({ view, ends: { service } }) => (service === undefined ? UNNAMED : selectorFix(view, service)),
  },
  {
    faults: ['X3', 'K10'], does: 'Puts the target port of the Service right, where no container declares it and all pods listen on one other port alone, or on one that has the name of the Service\'s port. What listens nowhere must be started: no object does that.',
    find: ({ view, ends: { service, servicePort, pods } }) => (service === undefined || servicePort === undefined ? cannot('no port of a Service is between: whoever should listen must be started, or the client must dial another port') : portFix(view, service, servicePort, pods)),
  },
];
