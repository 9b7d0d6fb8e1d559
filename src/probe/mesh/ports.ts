/** What the mesh needs of the Kubernetes API; `Cluster` of src/cluster is one. */
import type { KubeObject, ListQuery, ObjectRef } from '../../cluster/objects.ts';

export interface KubePort {
  /** One object; undefined when it is not there. */
  get<T extends KubeObject = KubeObject>(ref: ObjectRef): Promise<T | undefined>;
  list<T extends KubeObject = KubeObject>(query: ListQuery): Promise<T[]>;
  /** Server-side apply. */
  apply(object: KubeObject, options?: { force?: boolean }): Promise<unknown>;
  /** Deletes; an absent object is fine. */
  delete(ref: ObjectRef): Promise<void>;
}
