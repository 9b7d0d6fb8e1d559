/** Step `install`: Calico's objects, inert: its DaemonSet selects a label that no node carries yet. */
import { calicoManifests } from '../../../cni/calico/manifests.ts';
import type { CalicoSettings } from '../../../cni/calico/settings.ts';
import { calicoApi } from '../../../cni/calico/version.ts';
import type { KubeObject, ObjectRef } from '../../../cluster/objects.ts';
import { waitOptions, type StepContext } from '../../steps/context.ts';
import { deleteObjects, existing } from '../../steps/objects.ts';
import type { Json, StepHandler } from '../../types.ts';

async function allObjects(params: Json): Promise<KubeObject[]> {
  const manifests = await calicoManifests((params as unknown as { settings: CalicoSettings }).settings);
  return [...manifests.crds, ...manifests.rbac, ...manifests.resources, ...manifests.workloads];
}

async function absent(ctx: StepContext, objects: KubeObject[]): Promise<string[]> {
  const there = new Set((await existing(ctx, objects)).map((ref) => `${ref.kind} ${ref.name}`));
  return objects.map((object) => `${object.kind} ${object.metadata.name}`).filter((name) => !there.has(name));
}

export const install: StepHandler<StepContext> = {
  async check(ctx, step) {
    return (await absent(ctx, await allObjects(step.params))).length === 0;
  },
  async capture(ctx, step) {
    return { existed: (await existing(ctx, await allObjects(step.params))) as unknown as Json };
  },
  async apply(ctx, step) {
    const manifests = await calicoManifests((step.params as unknown as { settings: CalicoSettings }).settings);
    for (const object of manifests.crds) await ctx.cluster.apply(object, { force: true });
    for (const object of manifests.resources) await ctx.cluster.waitForKind(object.apiVersion, object.kind, { timeoutMs: 30_000 });
    for (const object of [...manifests.rbac, ...manifests.resources, ...manifests.workloads]) await ctx.cluster.apply(object, { force: true });
  },
  async verify(ctx, step) {
    const without = await absent(ctx, await allObjects(step.params));
    if (without.length > 0) return { ok: false, evidence: [`missing: ${without.join(', ')}`] };
    const ref = { apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: 'kube-system', name: 'calico-node' };
    const seen = await ctx.cluster.waitFor(ref, (set) => (set?.['status'] as { observedGeneration?: number } | undefined)?.observedGeneration === set?.metadata.generation, waitOptions(ctx, 'the DaemonSet calico-node to be noticed', 30_000));
    const { desiredNumberScheduled = 0 } = (seen?.['status'] ?? {}) as { desiredNumberScheduled?: number };
    return { ok: desiredNumberScheduled === 0, evidence: [`calico-node is wanted on ${desiredNumberScheduled} nodes, expected 0 for now`] };
  },
  async undo(ctx, step, captured) {
    const objects = await allObjects(step.params);
    const kept = (captured as unknown as { existed: ObjectRef[] }).existed;
    const crds = objects.filter((object) => object.kind === 'CustomResourceDefinition');
    await deleteObjects(ctx, objects.filter((object) => !crds.includes(object)), kept);
    // What calico-node and its controllers wrote goes with the definitions of its kinds.
    await deleteObjects(ctx, crds.filter((crd) => crd.metadata.name.endsWith(`.${calicoApi.split('/')[0]}`) || !kept.some((ref) => ref.name === crd.metadata.name)), kept);
  },
};
