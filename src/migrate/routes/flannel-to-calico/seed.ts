/** Step `seed`: tell Calico's Node annotations where every node's tunnel ends, before the first Felix starts: Felix drops tunnel packets from hosts it does not know. */
import { calicoAnnotations, missingSeeds, restoreAnnotations, seedNode, type NodeSeed } from '../../../cni/calico/seed.ts';
import type { NodeObject } from '../../../cluster/objects.ts';
import type { StepContext } from '../../steps/context.ts';
import { setNodeMetadata } from '../../steps/objects.ts';
import type { Json, StepHandler } from '../../types.ts';
import { migrationLabel, onFlannel } from './names.ts';

interface Before {
  label: string | null;
  annotations: Record<string, string>;
}

const seedsOf = (params: Json): NodeSeed[] => (params as unknown as { seeds: NodeSeed[] }).seeds;

async function nodeOf(ctx: StepContext, name: string): Promise<NodeObject> {
  const node = await ctx.cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name });
  if (node === undefined) throw new Error(`Node ${name} is gone`);
  return node;
}

async function missing(ctx: StepContext, seeds: readonly NodeSeed[]): Promise<string[]> {
  return (await Promise.all(seeds.map(async (seed) => missingSeeds(await nodeOf(ctx, seed.node), seed)))).flat();
}

export const seed: StepHandler<StepContext> = {
  async check(ctx, step) {
    const seeds = seedsOf(step.params);
    const labels = await Promise.all(seeds.map(async (one) => (await nodeOf(ctx, one.node)).metadata.labels?.[migrationLabel]));
    return labels.every((label) => label !== undefined) && (await missing(ctx, seeds)).length === 0;
  },
  async capture(ctx, step) {
    const entries = await Promise.all(seedsOf(step.params).map(async ({ node }): Promise<[string, Before]> => {
      const object = await nodeOf(ctx, node);
      return [node, { label: object.metadata.labels?.[migrationLabel] ?? null, annotations: calicoAnnotations(object) }];
    }));
    return Object.fromEntries(entries) as unknown as Json;
  },
  async apply(ctx, step) {
    for (const one of seedsOf(step.params)) {
      await seedNode(ctx.cluster, one);
      await setNodeMetadata(ctx, one.node, { labels: { [migrationLabel]: onFlannel } });
    }
  },
  async verify(ctx, step) {
    const seeds = seedsOf(step.params);
    const without = await missing(ctx, seeds);
    return { ok: without.length === 0, evidence: without.length === 0 ? [`all ${seeds.length} nodes carry the address and MAC of their tunnel`] : without };
  },
  async undo(ctx, _step, captured) {
    for (const [node, before] of Object.entries(captured as unknown as Record<string, Before>)) {
      await restoreAnnotations(ctx.cluster, node, before.annotations);
      await setNodeMetadata(ctx, node, { labels: { [migrationLabel]: before.label } });
    }
  },
};
