/** Step `finish`: Calico runs everywhere without the label that brought it node by node. */
import { migrationLabel } from '../../../cni/calico/version.ts';
import type { KubeObject, ObjectRef } from '../../../cluster/objects.ts';
import { waitOptions, type StepContext } from '../../steps/context.ts';
import { setNodeMetadata } from '../../steps/objects.ts';
import type { StepHandler } from '../../types.ts';
import { onCalico } from './names.ts';

const inKubeSystem = (kind: string, name: string): ObjectRef => ({ apiVersion: 'apps/v1', kind, namespace: 'kube-system', name });
/** What selects nodes by the label: Calico's agent, and its controllers, which would find no node without it. */
const selecting = [inKubeSystem('DaemonSet', 'calico-node'), inKubeSystem('Deployment', 'calico-kube-controllers')];

interface RolloutStatus {
  observedGeneration?: number;
  /** Of a DaemonSet. */
  desiredNumberScheduled?: number;
  updatedNumberScheduled?: number;
  numberReady?: number;
  /** Of a Deployment. */
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
}

/** Whether all pods are of the present template, and Ready. */
function isRolledOut(object: KubeObject | undefined): boolean {
  const status = (object?.['status'] ?? {}) as RolloutStatus;
  const counts = object?.kind === 'DaemonSet' ? [status.desiredNumberScheduled, status.updatedNumberScheduled, status.numberReady] : [(object?.['spec'] as { replicas?: number } | undefined)?.replicas, status.replicas, status.updatedReplicas, status.readyReplicas];
  return status.observedGeneration === object?.metadata.generation && new Set(counts).size === 1;
}

async function select(ctx: StepContext, label: string | null): Promise<void> {
  for (const ref of selecting) {
    await ctx.cluster.patch(ref, { spec: { template: { spec: { nodeSelector: { [migrationLabel]: label } } } } });
    await ctx.cluster.waitFor(ref, isRolledOut, waitOptions(ctx, `${ref.name} to be rolled out everywhere`, 300_000));
  }
}

function selectsLabel(object: KubeObject | undefined): boolean {
  const template = (object?.['spec'] as { template?: { spec?: { nodeSelector?: Record<string, string> } } } | undefined)?.template;
  return template?.spec?.nodeSelector?.[migrationLabel] !== undefined;
}

interface FinishParams {
  nodes: string[];
}

/** What of the label is still in use, and what is not running yet, in words. */
async function unfinished(ctx: StepContext, { nodes }: FinishParams): Promise<string[]> {
  const objects = await Promise.all(selecting.map((ref) => ctx.cluster.get(ref)));
  const { numberReady = 0 } = (objects[0]?.['status'] ?? {}) as RolloutStatus;
  const labelled = (await ctx.cluster.list({ apiVersion: 'v1', kind: 'Node', labelSelector: migrationLabel })).map(({ metadata }) => metadata.name);
  return [
    ...selecting.flatMap(({ name }, index) => [...(selectsLabel(objects[index]) ? [`${name} still selects ${migrationLabel}`] : []), ...(isRolledOut(objects[index]) ? [] : [`${name} is not rolled out yet`])]),
    ...(numberReady === nodes.length ? [] : [`calico-node is ready on ${numberReady} of ${nodes.length} nodes`]),
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
