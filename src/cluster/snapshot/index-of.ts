/** Finds objects of a snapshot by kind and name, and knows when their absence means something. */
import type { KubeObject } from '../objects.ts';
import { groupOf } from './catalogue.ts';
import type { HostFacts } from './host-facts.ts';
import type { Entry, Snapshot } from './model.ts';

export class SnapshotIndex {
  readonly snapshot: Snapshot;
  readonly #byKind = new Map<string, Entry[]>();
  readonly #byName = new Map<string, Entry>();
  readonly #byObject = new Map<KubeObject, Entry>();
  readonly #hosts: Map<string, HostFacts>;

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot;
    for (const entry of snapshot.entries) {
      const { kind, metadata } = entry.object;
      const all = this.#byKind.get(kind);
      if (all === undefined) this.#byKind.set(kind, [entry]);
      else all.push(entry);
      this.#byObject.set(entry.object, entry);
      const name = `${kind} ${metadata.namespace ?? ''} ${metadata.name}`;
      // Groups may share a kind; by its name alone the first is found.
      if (!this.#byName.has(name)) this.#byName.set(name, entry);
    }
    this.#hosts = new Map(snapshot.hosts.map((host) => [host.node, host]));
  }

  /** Entries of a kind; `group` where several groups have one of that name. */
  entries(kind: string, group?: string): readonly Entry[] {
    const all = this.#byKind.get(kind) ?? [];
    return group === undefined ? all : all.filter(({ object }) => groupOf(object.apiVersion) === group);
  }

  /** Objects of a kind, as the caller knows that kind. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as Cluster.list: the kind decides about the fields
  objects<T extends KubeObject = KubeObject>(kind: string, group?: string): readonly T[] {
    return this.entries(kind, group).map(({ object }) => object as T);
  }

  /** One object by name, as the caller knows its kind. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as Cluster.get: the kind decides about the fields
  find<T extends KubeObject = KubeObject>(kind: string, name: string, namespace = ''): T | undefined {
    return this.#byName.get(`${kind} ${namespace} ${name}`)?.object as T | undefined;
  }

  /** The entry of an object of this snapshot. */
  entryOf(object: KubeObject): Entry | undefined {
    return this.#byObject.get(object);
  }

  /** Facts of a node's host. */
  host(node: string): HostFacts | undefined {
    return this.#hosts.get(node);
  }

  /** Whether all objects of a kind are here, so that what is not here is not in the cluster: asked for and not refused, or, in files, at least one is there. */
  complete(kind: string): boolean {
    if (this.snapshot.source === 'files') return this.#byKind.has(kind);
    return !this.snapshot.unknown.some(({ what }) => what === `objects of kind ${kind}` || what.startsWith(`objects of kind ${kind} `));
  }
}
