/** What observations are made in: the cluster as it was read, who wanted whom, and how facts are put. */
import type { Pod } from '../../cluster/snapshot/typed.ts';
import type { Evidence } from '../../core/evidence.ts';
import type { View } from '../../audit/view.ts';
import type { Ends } from '../ends.ts';
import type { Fact, ObservationId } from '../fact.ts';
import type { Symptom } from '../symptom/symptom.ts';

export interface Scene { view: View; ends: Ends; symptom?: Symptom }

export const clientPod = ({ ends }: Scene): Pod | undefined => (ends.from !== undefined && 'pod' in ends.from ? ends.from.pod : undefined);
/** The client's node; undefined where it is not known. */
export const clientNode = ({ ends }: Scene): string | undefined => (ends.from === undefined ? undefined : 'pod' in ends.from ? ends.from.pod.spec?.nodeName : ends.from.node);

/** `namespace/name`. */
export const nameOf = ({ metadata }: Pick<Pod, 'metadata'>): string => `${metadata.namespace ?? 'default'}/${metadata.name}`;

export const fact = (value: string, says: string, ...evidence: readonly Evidence[]): Extract<Fact, { value: string }> => ({ value, says, evidence });
export const unseen = (why: string, command?: string): Fact => ({ value: undefined, why, ...(command === undefined ? {} : { command }) });

/** What is wrong on some nodes, weak where these are nodes of some of the pods at the other end alone: others may have been asked. */
export function ofNodes(scene: Scene, nodes: readonly string[], seen: Extract<Fact, { value: string }>): Fact {
  const { pods, node } = scene.ends;
  const on = (name: string | undefined): boolean => name !== undefined && nodes.includes(name);
  return pods.length < 2 || on(clientNode(scene)) || on(node?.metadata.name) || pods.every(({ spec }) => on(spec?.nodeName)) ? seen : { ...seen, says: `${seen.says} (some of ${pods.length} pods at the other end are there)`, weak: 'one-of-several' };
}

/** One observation as it is made of a scene; undefined where it makes no sense there. */
export type Observer = (scene: Scene) => Fact | undefined;
export type Observers = Partial<Record<ObservationId, Observer>>;
