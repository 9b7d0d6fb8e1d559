/** Which workload made a pod or a workload: by owner references, and where these were stripped by what controllers leave on their objects. */
import { at, fields, list, strings, text } from '../../cluster/fields.ts';
import type { LoadedObject } from '../input/object.ts';

export interface Owner {
  kind: string;
  name: string;
}

/** `NAMESPACE/NAME[Kind]`. */
export const workloadRef = (kind: string, namespace: string, name: string): string => `${namespace}/${name}[${kind}]`;
export const namespaceOf = (object: LoadedObject): string => object.namespace ?? 'default';
const labelsOf = (object: LoadedObject): Record<string, string> => strings(at(object.body, 'metadata', 'labels'));

/** The five letters that the API server appends to a generateName (k8s.io/apiserver names.SimpleNameGenerator). */
const GENERATED = /-[a-z0-9]{5}$/;

/** A name with the hash of a pod template behind it (k8s.io/apimachinery rand.SafeEncodeString). */
const HASHED = /^(.+)-[bcdfghjklmnpqrstvwxz2456789]{1,10}$/;

function referenced(object: LoadedObject): Owner | undefined {
  const references = list(at(object.body, 'metadata', 'ownerReferences'));
  const owner = fields(references.find((one) => at(one, 'controller') === true) ?? references[0]);
  const [kind, name] = [text(owner['kind']), text(owner['name'])];
  return kind === undefined || name === undefined ? undefined : { kind, name };
}

/** The name without an ending; undefined where it has another. */
const without = (name: string, ending: string): string | undefined => (name.endsWith(ending) && name.length > ending.length ? name.slice(0, -ending.length) : undefined);

/** The Deployment of a ReplicaSet's name: the controller appends the hash that its label `pod-template-hash` has. */
function deploymentOf(name: string, labels: Readonly<Record<string, string>>): Owner | undefined {
  const hash = labels['pod-template-hash'];
  const deployment = hash === undefined ? undefined : without(name, `-${hash}`);
  return deployment === undefined ? undefined : { kind: 'Deployment', name: deployment };
}

/**
 * The maker of an object without owner references, by the labels that controllers set: `pod-template-hash` (Deployment),
 * `statefulset.kubernetes.io/pod-name` and the ordinal, `job-name`, `controller-revision-hash` of a DaemonSet that is in the input.
 */
function inferred(object: LoadedObject, exists: (kind: string, name: string) => boolean): Owner | undefined {
  const [labels, { kind, name }] = [labelsOf(object), object];
  if (kind === 'ReplicaSet') return deploymentOf(name, labels);
  if (kind !== 'Pod') return undefined;
  const stem = GENERATED.test(name) ? name.replace(GENERATED, '') : undefined;
  const deployment = stem === undefined ? undefined : deploymentOf(stem, labels);
  if (deployment !== undefined) return deployment;
  const set = labels['statefulset.kubernetes.io/pod-name'] === name ? /^(.+)-\d+$/.exec(name)?.[1] : undefined;
  if (set !== undefined) return { kind: 'StatefulSet', name: set };
  const job = labels['batch.kubernetes.io/job-name'] ?? labels['job-name'];
  if (job !== undefined) return { kind: 'Job', name: job };
  return stem !== undefined && labels['controller-revision-hash'] !== undefined && exists('DaemonSet', stem) ? { kind: 'DaemonSet', name: stem } : undefined;
}

/** Looks up makers among the workloads of the input. */
export class Owners {
  readonly #workloads: ReadonlyMap<string, LoadedObject>;

  constructor(workloads: readonly LoadedObject[]) {
    this.#workloads = new Map(workloads.map((one) => [workloadRef(one.kind, namespaceOf(one), one.name), one]));
  }

  has(ref: string): boolean {
    return this.#workloads.has(ref);
  }

  /** The Deployment of a ReplicaSet that is not in the input: its pods have its hash, or it is one of the input whose selector takes the pod. */
  #deployment(set: string, pod: LoadedObject): Owner | undefined {
    const labels = labelsOf(pod);
    const name = HASHED.exec(set)?.[1];
    const candidate = name === undefined ? undefined : this.#workloads.get(workloadRef('Deployment', namespaceOf(pod), name));
    const selector = Object.entries(strings(at(candidate?.body, 'spec', 'selector', 'matchLabels')));
    const selects = selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
    return deploymentOf(set, labels) ?? (name !== undefined && selects ? { kind: 'Deployment', name } : undefined);
  }

  /** The topmost maker, the object itself where nobody made it. Loops of references end where they close. */
  maker(object: LoadedObject): Owner {
    const namespace = namespaceOf(object);
    const seen = new Set<LoadedObject>();
    let made: Owner = { kind: object.kind, name: object.name };
    let current: LoadedObject | undefined = object;
    while (current !== undefined && !seen.has(current)) {
      seen.add(current);
      const owner: Owner | undefined = referenced(current) ?? inferred(current, (kind, name) => this.has(workloadRef(kind, namespace, name)));
      if (owner === undefined) return made;
      made = owner;
      const above = this.#workloads.get(workloadRef(owner.kind, namespace, owner.name));
      if (above === undefined && owner.kind === 'ReplicaSet') return this.#deployment(owner.name, current) ?? owner;
      current = above;
    }
    return made;
  }
}
