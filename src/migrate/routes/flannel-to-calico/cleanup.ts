/** Steps after the point of no return: what Flannel left on each node and in the cluster goes. */
import { flannelAnnotationKeys, flannelObjects, removeFlannelAnnotations } from '../../../cni/flannel/detect.ts';
import { findFlannelLeftovers, type FlannelLeftoverOptions } from '../../../cni/flannel/leftovers.ts';
import { removeLeftovers } from '../../../cni/leftover.ts';
import { refOf, type KubeObject, type NodeObject } from '../../../cluster/objects.ts';
import { waitUntil } from '../../../cluster/wait.ts';
import { waitOptions, type StepContext } from '../../steps/context.ts';
import type { Json, StepHandler } from '../../types.ts';

interface CleanParams {
  node: string;
  options: FlannelLeftoverOptions;
}

const paramsOf = (params: Json): CleanParams => params as unknown as CleanParams;

async function left(ctx: StepContext, { node, options }: CleanParams): Promise<string[]> {
  const found = (await findFlannelLeftovers(ctx.shell(node), options)).map((leftover) => leftover.what);
  const object = await ctx.cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name: node });
  return [...found, ...(object === undefined ? [] : flannelAnnotationKeys(object).map((key) => `annotation ${key}`))];
}

/** Step `clean-node`. */
export const cleanNode: StepHandler<StepContext> = {
  async check(ctx, step) {
    return (await left(ctx, paramsOf(step.params))).length === 0;
  },
  async capture() {
    return null;
  },
  async apply(ctx, step) {
    const { node, options } = paramsOf(step.params);
    const shell = ctx.shell(node);
    await removeLeftovers(shell, () => findFlannelLeftovers(shell, options));
    await removeFlannelAnnotations(ctx.cluster, node);
  },
  async verify(ctx, step) {
    const { node } = paramsOf(step.params);
    const found = await left(ctx, paramsOf(step.params));
    return { ok: found.length === 0, evidence: [found.length === 0 ? `nothing of Flannel is left on ${node}` : `still on ${node}: ${found.join(', ')}`] };
  },
  async undo(_ctx, step) {
    throw new Error(`${step.id} lies beyond the point of no return`);
  },
};

interface DaemonSetParams {
  daemonSet: { namespace: string; name: string };
}

const daemonSetOf = (params: Json): DaemonSetParams['daemonSet'] => (params as unknown as DaemonSetParams).daemonSet;

/** Objects of Flannel's manifest that nobody has deleted yet. What is inside its namespace is waited for; the namespace itself may take its time. */
async function objectsLeft(ctx: StepContext, params: Json): Promise<KubeObject[]> {
  return (await flannelObjects(ctx.cluster, daemonSetOf(params))).filter((object) => object.kind !== 'Namespace' || object.metadata.deletionTimestamp === undefined);
}

/** Step `remove-flannel`: the objects of Flannel's own manifest. */
export const removeFlannel: StepHandler<StepContext> = {
  async check(ctx, step) {
    return (await objectsLeft(ctx, step.params)).length === 0;
  },
  async capture(ctx, step) {
    return (await flannelObjects(ctx.cluster, daemonSetOf(step.params))) as unknown as Json;
  },
  async apply(ctx, step) {
    for (const object of await flannelObjects(ctx.cluster, daemonSetOf(step.params))) await ctx.cluster.delete(refOf(object));
    await waitUntil(async () => ((await objectsLeft(ctx, step.params)).length === 0 ? true : undefined), waitOptions(ctx, "Flannel's objects to go", 60_000));
  },
  async verify(ctx, step) {
    const found = await objectsLeft(ctx, step.params);
    return { ok: found.length === 0, evidence: [found.length === 0 ? "no object of Flannel's manifest is left" : `still there: ${found.map((object) => `${object.kind} ${object.metadata.name}`).join(', ')}`] };
  },
  async undo(_ctx, step) {
    throw new Error(`${step.id} lies beyond the point of no return`);
  },
};
