/** Step `finish`: Calico runs everywhere without the label that brought it node by node. */
import { migrationLabel } from '../../../cni/calico/version.ts';
import { waitOptions, type StepContext } from '../../steps/context.ts';
import { setNodeMetadata } from '../../steps/objects.ts';
import type { StepHandler } from '../../types.ts';
import { onCalico } from './names.ts';

const calicoNode = { apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: 'kube-system', name: 'calico-node' };

async function select(ctx: StepContext, label: string | null): Promise<void> {
  await ctx.cluster.patch(calicoNode, { spec: { template: { spec: { nodeSelector: { [migrationLabel]: label } } } } });
  await ctx.cluster.waitFor(calicoNode, (set) => {
    const status = (set?.['status'] ?? {}) as { observedGeneration?: number; desiredNumberScheduled?: number; updatedNumberScheduled?: number; numberReady?: number };
    return status.observedGeneration === set?.metadata.generation && status.updatedNumberScheduled === status.desiredNumberScheduled && status.numberReady === status.desiredNumberScheduled;
  }, waitOptions(ctx, 'calico-node to be rolled out everywhere', 300_000));
}

async function selectsLabel(ctx: StepContext): Promise<boolean> {
  const set = await ctx.cluster.get(calicoNode);
  const template = (set?.['spec'] as { template?: { spec?: { nodeSelector?: Record<string, string> } } } | undefined)?.template;
  return template?.spec?.nodeSelector?.[migrationLabel] !== undefined;
}

interface FinishParams {
  nodes: string[];
}

export const finish: StepHandler<StepContext> = {
  async check(ctx) {
    return !(await selectsLabel(ctx));
  },
  async capture() {
    return null;
  },
  async apply(ctx, step) {
    await select(ctx, null);
    for (const node of (step.params as unknown as FinishParams).nodes) await setNodeMetadata(ctx, node, { labels: { [migrationLabel]: null } });
  },
  async verify(ctx, step) {
    const set = await ctx.cluster.get(calicoNode);
    const { numberReady = 0 } = (set?.['status'] ?? {}) as { numberReady?: number };
    const expected = (step.params as unknown as FinishParams).nodes.length;
    return { ok: numberReady === expected && !(await selectsLabel(ctx)), evidence: [`calico-node is ready on ${numberReady} of ${expected} nodes and selects no migration label`] };
  },
  async undo(ctx, step) {
    for (const node of (step.params as unknown as FinishParams).nodes) await setNodeMetadata(ctx, node, { labels: { [migrationLabel]: onCalico } });
    await select(ctx, onCalico);
  },
};
