/** Step `finish`: Calico runs everywhere without the label that brought it node by node. */
import { migrationLabel } from '../../../cni/calico/version.ts';
import type { KubeObject } from '../../../cluster/objects.ts';
import { waitOptions, type StepContext } from '../../steps/context.ts';
import { setNodeMetadata } from '../../steps/objects.ts';
import type { StepHandler } from '../../types.ts';
import { onCalico } from './names.ts';

const calicoNode = { apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: 'kube-system', name: 'calico-node' };

interface RolloutStatus {
  observedGeneration?: number;
  desiredNumberScheduled?: number;
  updatedNumberScheduled?: number;
  numberReady?: number;
}

/** Whether every node that is meant to runs the DaemonSet's present template, and it is Ready there. */
function isRolledOut(set: KubeObject | undefined): boolean {
  const { observedGeneration, desiredNumberScheduled, updatedNumberScheduled, numberReady } = (set?.['status'] ?? {}) as RolloutStatus;
  return observedGeneration === set?.metadata.generation && updatedNumberScheduled === desiredNumberScheduled && numberReady === desiredNumberScheduled;
}

async function select(ctx: StepContext, label: string | null): Promise<void> {
  await ctx.cluster.patch(calicoNode, { spec: { template: { spec: { nodeSelector: { [migrationLabel]: label } } } } });
  await ctx.cluster.waitFor(calicoNode, isRolledOut, waitOptions(ctx, 'calico-node to be rolled out everywhere', 300_000));
}

interface FinishParams {
  nodes: string[];
}

/** What of the label is still in use, and what is not running yet, in words. */
async function unfinished(ctx: StepContext, { nodes }: FinishParams): Promise<string[]> {
  const set = await ctx.cluster.get(calicoNode);
  const template = (set?.['spec'] as { template?: { spec?: { nodeSelector?: Record<string, string> } } } | undefined)?.template;
  const { numberReady = 0 } = (set?.['status'] ?? {}) as RolloutStatus;
  const labelled = (await ctx.cluster.list({ apiVersion: 'v1', kind: 'Node', labelSelector: migrationLabel })).map(({ metadata }) => metadata.name);
  return [
    ...(template?.spec?.nodeSelector?.[migrationLabel] === undefined ? [] : [`calico-node still selects ${migrationLabel}`]),
    ...(isRolledOut(set) && numberReady === nodes.length ? [] : [`calico-node is ready on ${numberReady} of ${nodes.length} nodes`]),
    ...(labelled.length === 0 ? [] : [`still labelled ${migrationLabel}: ${labelled.join(', ')}`]),
  ];
}

export const finish: StepHandler<StepContext> = {
  async check(ctx, step) {
    return (await unfinished(ctx, step.params as unknown as FinishParams)).length === 0;
  },
  async capture() {
    return null;
  },
  async apply(ctx, step) {
    await select(ctx, null);
    for (const node of (step.params as unknown as FinishParams).nodes) await setNodeMetadata(ctx, node, { labels: { [migrationLabel]: null } });
  },
  async verify(ctx, step) {
    const params = step.params as unknown as FinishParams;
    const found = await unfinished(ctx, params);
    return { ok: found.length === 0, evidence: found.length === 0 ? [`calico-node is ready on all ${params.nodes.length} nodes, and nothing bears or selects the migration label`] : found };
  },
  async undo(ctx, step) {
    for (const node of (step.params as unknown as FinishParams).nodes) await setNodeMetadata(ctx, node, { labels: { [migrationLabel]: onCalico } });
    await select(ctx, onCalico);
  },
};
