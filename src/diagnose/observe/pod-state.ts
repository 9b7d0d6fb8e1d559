/** How a pod is, as its status and its events tell. */
import type { EventObject, Pod } from '../../cluster/snapshot/typed.ts';
import type { View } from '../../audit/view.ts';
import { fact, nameOf } from './scene.ts';
import type { Fact } from '../fact.ts';

interface Ended { reason?: string; exitCode?: number; finishedAt?: string }
type Status = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number] & { lastState?: { terminated?: Ended }; state?: { terminated?: Ended } };

export const statusesOf = ({ status }: Pod): Status[] => status?.containerStatuses ?? [];
/** Whether its condition Ready is true. */
export const isReady = ({ status }: Pod): boolean => status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;

const CONFIG = /^(CreateContainerConfigError|CreateContainerError|RunContainerError|InvalidImageName)$/;
const IMAGE = /^(ErrImagePull|ImagePullBackOff|ErrImageNeverPull|ImageInspectError)$/;

/** The worst of its containers, in a word, and which one it is. */
function stateOf(view: View, pod: Pod): { value: string; says: string } {
  const statuses = statusesOf(pod);
  const with_ = (test: (status: Status) => boolean): Status | undefined => statuses.find(test);
  const waiting = (status: Status): string => status.state?.['waiting']?.reason ?? '';
  const killed = with_((one) => one.ready !== true && (one.lastState?.terminated?.reason === 'OOMKilled' || one.state?.terminated?.reason === 'OOMKilled'));
  if (killed !== undefined) return { value: 'oom-killed', says: `container ${killed.name} was killed because it used up its memory` };
  const loop = with_((one) => waiting(one) === 'CrashLoopBackOff' || (one.ready !== true && (one.restartCount ?? 0) >= 3));
  if (loop !== undefined) return { value: 'crash-loop', says: `container ${loop.name} ends again and again (${loop.restartCount ?? 0} restarts${loop.lastState?.terminated?.exitCode === undefined ? '' : `, exit code ${loop.lastState.terminated.exitCode}`})` };
  const image = with_((one) => IMAGE.test(waiting(one)));
  if (image !== undefined) return { value: 'image', says: `the image of container ${image.name} cannot be had (${waiting(image)})` };
  const config = with_((one) => CONFIG.test(waiting(one)));
  if (config !== undefined) return { value: 'config-error', says: `container ${config.name} cannot be made (${waiting(config)})` };
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return { value: 'completed', says: `the pod has ended (${pod.status.phase})` };
  if (pod.spec?.nodeName === undefined || pod.spec.nodeName === '') return { value: 'pending', says: 'no node has been found for the pod' };
  if (isReady(pod)) return { value: 'ready', says: 'the pod is ready' };
  if (pod.status?.podIP === undefined && sandboxEvents(view, pod).length > 0) return { value: 'sandbox', says: 'the pod has no network yet, and events say why' };
  const late = with_((one) => one.ready !== true);
  const young = statuses.every((one) => (one.restartCount ?? 0) === 0);
  if (young && (late === undefined || late.started === false || waiting(late) === 'ContainerCreating' || waiting(late) === 'PodInitializing')) return { value: 'starting', says: `the pod is starting${late === undefined ? '' : ` (container ${late.name})`}` };
  return { value: 'not-ready', says: `the pod is not ready${late === undefined ? '' : ` (container ${late.name}, ${late.restartCount ?? 0} restarts)`}` };
}

/** Events about a pod that got no network. */
export function sandboxEvents(view: View, pod?: Pod): EventObject[] {
  return view.index.objects<EventObject>('Event').filter(({ reason, involvedObject }) => (reason === 'FailedCreatePodSandBox' || reason === 'NetworkNotReady')
    && (pod === undefined || (involvedObject?.name === pod.metadata.name && (involvedObject.namespace ?? 'default') === (pod.metadata.namespace ?? 'default'))));
}

const WORST = ['oom-killed', 'crash-loop', 'sandbox', 'image', 'config-error', 'pending', 'completed', 'starting', 'not-ready', 'ready'];

/** Of several pods the one that is worst off. */
export function podsFact(view: View, pods: readonly Pod[]): Fact {
  const all = pods.map((pod) => ({ pod, ...stateOf(view, pod) })).toSorted((a, b) => WORST.indexOf(a.value) - WORST.indexOf(b.value));
  const [worst] = all;
  if (worst === undefined) return fact('gone', 'there is no such pod');
  const statuses = statusesOf(worst.pod).map(({ name, ready, restartCount = 0, state = {} }) => `${name}: ${ready === true ? 'ready' : `not ready${state['waiting']?.reason === undefined ? '' : ` (${state['waiting'].reason})`}`}, ${restartCount} restarts`);
  return fact(worst.value, `${nameOf(worst.pod)}: ${worst.says}`, view.seen(worst.pod, 'status', [worst.pod.status?.phase ?? '?', ...statuses].join('; ')));
}
