/** Applying and taking back sets of objects, Node labels and annotations. */
import { refOf, type KubeObject, type ObjectRef } from '../../cluster/objects.ts';
import type { Json } from '../types.ts';
import type { StepContext } from './context.ts';

/** Which of the objects are already there, as references: those are not ours to delete. */
export async function existing(ctx: StepContext, objects: readonly KubeObject[]): Promise<ObjectRef[]> {
  const found = await Promise.all(objects.map((object) => ctx.cluster.get(refOf(object))));
  return objects.filter((_, index) => found[index] !== undefined).map(refOf);
}

/** Deletes objects in the reverse of the order in which they were applied, except `keep`. */
export async function deleteObjects(ctx: StepContext, objects: readonly KubeObject[], keep: readonly ObjectRef[]): Promise<void> {
  const kept = new Set(keep.map((ref) => JSON.stringify([ref.apiVersion, ref.kind, ref.namespace ?? '', ref.name])));
  for (const object of objects.toReversed()) {
    const ref = refOf(object);
    if (!kept.has(JSON.stringify([ref.apiVersion, ref.kind, ref.namespace ?? '', ref.name]))) await ctx.cluster.delete(ref);
  }
}

/** Sets labels and annotations of a Node; null removes one. */
export async function setNodeMetadata(ctx: StepContext, node: string, metadata: { labels?: Record<string, Json>; annotations?: Record<string, Json> }): Promise<void> {
  await ctx.cluster.patch({ apiVersion: 'v1', kind: 'Node', name: node }, { metadata });
}
