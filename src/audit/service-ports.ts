/** Which ports of pods Services lead to: names resolved per pod, and who listens there. */
import type { HostFacts } from '../cluster/snapshot/host-facts.ts';
import type { ContainerSpec, Pod, ServicePort } from '../cluster/snapshot/typed.ts';
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

/** Listening sockets of a pod; undefined when its network namespace was not read. */
export function socketsOf(view: View, pod: Pod): Sockets | undefined {
  const ip = pod.status?.podIP;
  const host = view.index.host(pod.spec?.nodeName ?? '');
  if (ip === undefined || host === undefined) return undefined;
  return pod.spec?.hostNetwork === true ? host.sockets : host.pods?.find(({ addresses }) => addresses.includes(ip))?.sockets;
}

/** Addresses of a pod's own loopback. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
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
