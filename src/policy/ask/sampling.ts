/** One end of each class: what holds for it holds for all of the class. */
import type { Engine } from '../compile/engine.ts';
import { outsideName } from './end-names.ts';
import type { End } from './ends.ts';

/** An end for every class of pods and of addresses; a class of several is named by its first and their number. */
export function onePerClass(engine: Engine): End[] {
  return engine.universe.classes.flatMap((one, index): End[] => {
    if (one.kind === 'address') return [{ kind: 'address', class: index, name: outsideName(engine.addresses, [one.address!]) }];
    const [pod] = one.pods;
    if (pod === undefined) return [];
    return [{ kind: 'pod', pod, class: index, name: one.pods.length === 1 ? pod.id : `${pod.id} and ${one.pods.length - 1} alike` }];
  });
}
