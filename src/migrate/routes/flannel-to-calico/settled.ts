/** Step `settled`: changes nothing; every node must stand on Calico, and the gate behind it judges the traffic once more. */
import { calicoNodePod } from '../../../cni/calico/health.ts';
import { isReady, type NodeObject } from '../../../cluster/objects.ts';
import type { StepContext } from '../../steps/context.ts';
import { untilNothingLacks } from '../../steps/until-nothing-lacks.ts';
import type { StepHandler } from '../../types.ts';

/** What is not as it should be in the end, one sentence each. */
async function unsettled(ctx: StepContext): Promise<string[]> {
  const nodes = await ctx.cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' });
  const found = await Promise.all(nodes.map(async (node) => {
    const { ready, evidence } = await calicoNodePod(ctx.cluster, node.metadata.name);
    return [...(isReady(node) ? [] : [`node ${node.metadata.name} is not Ready`]), ...(ready ? [] : [evidence])];
  }));
  return found.flat();
}

export const settled: StepHandler<StepContext> = {
  check: async (ctx) => (await unsettled(ctx)).length === 0,
  capture: async () => null,
  apply: async () => undefined,
  async verify(ctx) {
    const found = await untilNothingLacks(ctx, 'every node to be Ready, and Calico on it', () => unsettled(ctx));
    return { ok: found.length === 0, evidence: found.length === 0 ? ['every node is Ready and runs a calico-node that is Ready'] : found };
  },
  undo: async () => undefined,
};
