/** Step `release-nodes`, where Flannel is a DaemonSet: it keeps to nodes that have not moved, and its pods are not restarted for it. */
import type { KubeObject } from '../../../cluster/objects.ts';
import type { StepContext } from '../../steps/context.ts';
import type { Json, StepHandler } from '../../types.ts';
import { migrationLabel, onFlannel } from './names.ts';

interface DaemonSetParams {
  daemonSet: { namespace: string; name: string };
}

interface Before {
  updateStrategy: Json;
  affinity: Json;
}

const refTo = (params: Json): { apiVersion: string; kind: string; namespace: string; name: string } => ({ apiVersion: 'apps/v1', kind: 'DaemonSet', ...(params as unknown as DaemonSetParams).daemonSet });

interface DaemonSetSpec {
  updateStrategy?: { type?: string };
  template?: { spec?: { affinity?: { nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms?: { matchExpressions?: { key: string }[] }[] } } } } };
}

function specOf(object: KubeObject | undefined): DaemonSetSpec {
  return (object?.['spec'] ?? {});
}

function keepsAway(spec: DaemonSetSpec): boolean {
  const terms = spec.template?.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return terms.length > 0 && terms.every((term) => term.matchExpressions?.some((expression) => expression.key === migrationLabel));
}

/** The DaemonSet's own affinity with one more condition in each of its terms. */
function withCondition(spec: DaemonSetSpec): Json {
  // Not "none of the others": that would hold for nodes without the label, which they all are when the migration ends.
  const condition = { key: migrationLabel, operator: 'In', values: [onFlannel] };
  const affinity = spec.template?.spec?.affinity;
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [{}];
  return {
    ...affinity,
    nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms.map((term) => ({ ...term, matchExpressions: [...(term.matchExpressions ?? []), condition] })) } },
  };
}

export const releaseNodes: StepHandler<StepContext> = {
  async check(ctx, step) {
    return keepsAway(specOf(await ctx.cluster.get(refTo(step.params))));
  },
  async capture(ctx, step) {
    const spec = specOf(await ctx.cluster.get(refTo(step.params)));
    return { updateStrategy: spec.updateStrategy ?? null, affinity: spec.template?.spec?.affinity ?? null };
  },
  async apply(ctx, step) {
    const ref = refTo(step.params);
    const spec = specOf(await ctx.cluster.get(ref));
    if (keepsAway(spec)) return;
    // In this order: with OnDelete, a changed template alone restarts no pod; flanneld takes its masquerading rules away when it stops.
    await ctx.cluster.patch(ref, { spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: null } } });
    await ctx.cluster.patch(ref, { spec: { template: { spec: { affinity: withCondition(spec) } } } });
  },
  async verify(ctx, step) {
    const ok = keepsAway(specOf(await ctx.cluster.get(refTo(step.params))));
    return { ok, evidence: [ok ? 'the DaemonSet keeps away from nodes that are moving or have moved' : 'the DaemonSet still runs everywhere'] };
  },
  async undo(ctx, step, captured) {
    const before = captured as unknown as Before;
    const ref = refTo(step.params);
    // `add` also replaces; a merge patch alone takes away what may not be there.
    if (before.affinity === null) await ctx.cluster.patch(ref, { spec: { template: { spec: { affinity: null } } } });
    else await ctx.cluster.patch(ref, [{ op: 'add', path: '/spec/template/spec/affinity', value: before.affinity }], 'json');
    await ctx.cluster.patch(ref, [{ op: 'replace', path: '/spec/updateStrategy', value: before.updateStrategy ?? { type: 'RollingUpdate' } }], 'json');
  },
};
