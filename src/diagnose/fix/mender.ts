/** What a mender is: it knows the change of Kubernetes objects that mends one proved fault, where that is certain. Pure. */
import type { KubeObject, ObjectRef } from '../../cluster/objects.ts';
import type { Scene } from '../observe/scene.ts';

/** Why a program cannot, in a sentence without its full stop. */
export interface Cannot { cannot: string }

/** A change of one object. */
export interface Aim {
  ref: ObjectRef;
  /** The object as it is to be; `before` is the whole living one, undefined where there is none. Changes its spec and nothing else. */
  edit(before: KubeObject | undefined): KubeObject | Cannot;
}

/** What mends it. */
export interface Remedy {
  /** What is changed, in a sentence without its full stop. */
  what: string;
  /** What makes it certain, and what only a person can know. */
  why: readonly string[];
  aims: readonly Aim[];
}

export interface Mender {
  /** Faults that it mends. */
  faults: readonly string[];
  /** What it does and when, for the fault's page. */
  does: string;
  find(scene: Scene): Remedy | Cannot;
}

export const cannot = (why: string): Cannot => ({ cannot: why });

/** Edits the spec of an object that must be there. `change`: the fields of the spec that become others; undefined takes one away. */
export function editSpec(ref: ObjectRef, change: (spec: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>> | Cannot): Aim {
  return {
    ref,
    edit(before) {
      if (before === undefined) return cannot(`${ref.kind} ${ref.namespace ?? ''}/${ref.name} is no longer there`);
      const spec = (before['spec'] ?? {}) as Readonly<Record<string, unknown>>;
      const changed = change(spec);
      return 'cannot' in changed ? (changed as Cannot) : { ...before, spec: { ...spec, ...changed } };
    },
  };
}

/** Makes an object, where none of its name is there. */
export function make(object: KubeObject): Aim {
  const { name, namespace } = object.metadata;
  return {
    ref: { apiVersion: object.apiVersion, kind: object.kind, name, ...(namespace === undefined ? {} : { namespace }) },
    edit: (before) => (before === undefined ? object : cannot(`${object.kind} ${namespace ?? ''}/${name} is there already`)),
  };
}
