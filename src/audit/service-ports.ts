/** Which ports of pods Services lead to: names resolved per pod, and who listens there. */
import { MAX_OF_ONE_POD, type HostFacts } from '../cluster/snapshot/host-facts.ts';
import type { ContainerSpec, Pod, ServiceObject, ServicePort } from '../cluster/snapshot/typed.ts';
import type { View } from './view.ts';

/** All containers that stay: restartable init containers count. */
export function containersOf(pod: Pod): ContainerSpec[] {
  return [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')];
}

/** The number of a Service's target port on a pod; undefined for a name that no container of it has with this protocol. */
export function targetOf({ port, targetPort = port, protocol = 'TCP' }: ServicePort, pod: Pod): number | undefined {
  if (typeof targetPort === 'number') return targetPort;
  return containersOf(pod).flatMap(({ ports = [] }) => ports).find((one) => one.name === targetPort && (one.protocol ?? 'TCP') === protocol)?.containerPort;
}

type Sockets = NonNullable<NonNullable<HostFacts['pods']>[number]['sockets']>;

/** Listening sockets of a pod; undefined when its network namespace was not read, is one of two with its address, or has so many that not all are kept. */
export function socketsOf(view: View, pod: Pod): Sockets | undefined {
  const ip = pod.status?.podIP;
  const host = view.index.host(pod.spec?.nodeName ?? '');
  if (ip === undefined || host === undefined) return undefined;
  if (pod.spec?.hostNetwork === true) return host.sockets;
  const [own, another] = (host.pods ?? []).filter(({ addresses }) => addresses.includes(ip));
  // An address that was given twice does not tell whose namespace is whose (FL-IPAM-002).
  const sockets = another === undefined ? own?.sockets : undefined;
  return sockets === undefined || sockets.length >= MAX_OF_ONE_POD ? undefined : sockets;
}

/** Addresses of a pod's own loopback. */
function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** The addresses of a pod to which a Service sends: those of the Service's families. */
export function servedAddresses({ spec }: ServiceObject, { status }: Pod): string[] {
  const own = status?.podIPs?.flatMap(({ ip }) => ip ?? []) ?? (status?.podIP === undefined ? [] : [status.podIP]);
  const given = (spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP])).filter((ip) => ip !== 'None' && ip !== '');
  // Headless, or not given yet: the family of the pod's first address.
  const families = new Set((given.length === 0 ? own.slice(0, 1) : given).map((ip) => ip.includes(':')));
  return own.filter((ip) => families.has(ip.includes(':')));
}

/** Whether a listener takes connections to an address of its pod: `*` takes both families, `0.0.0.0` and `::` one. */
export function takes({ address }: Sockets[number], ip: string): boolean {
  if (address === '*') return true;
  if (address === '0.0.0.0') return !ip.includes(':');
  return address === '::' ? ip.includes(':') : !isLoopback(address) && address === ip;
}

/** Whether a proxy in the pod takes its connections first and hands them on, by rules in its network namespace that a snapshot does not have. */
export function hasMeshProxy(pod: Pod): boolean {
  return containersOf(pod).some(({ name }) => name === 'istio-proxy' || name === 'linkerd-proxy');
}

/** Whether a pod's condition Ready is True. */
export function isReadyPod(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** How a pod and its containers are, in a line. */
export function statusText({ status }: Pod): string {
  const containers = (status?.containerStatuses ?? []).map(({ name, ready, restartCount = 0, state = {} }) => {
    const [now = '?'] = Object.keys(state);
    const reason = state['waiting']?.reason;
    return `${name} ${ready === true ? 'ready' : `not ready (${now}${reason === undefined ? '' : `: ${reason}`})`}, ${restartCount} restarts`;
  });
  return [status?.phase ?? '?', ...(containers.length === 0 ? ['no container has a status'] : containers)].join('; ');
}
