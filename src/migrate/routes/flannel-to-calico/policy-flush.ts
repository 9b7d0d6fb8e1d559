/** Steps `policy-flush`, `policy-gone`: the last rules of the distribution's own NetworkPolicy controller go, after Calico alone was seen to cut a pod off. */
import type { PolicyRules } from '../../../distro/policy-controller.ts';
import type { StepContext } from '../../steps/context.ts';
import type { Json, StepHandler } from '../../types.ts';
import { controllerOn } from './policy-off.ts';
import { proveEnforced, removeCanary, type ProveParams } from './prove.ts';

const paramsOf = (params: Json): ProveParams => params as unknown as ProveParams;

async function rulesOn(ctx: StepContext, node: string): Promise<string[]> {
  const { controller } = await controllerOn(ctx.shell(node));
  return controller.describeRules(ctx.shell(node));
}

export const policyFlush: StepHandler<StepContext> = {
  async check(ctx, step) {
    return (await rulesOn(ctx, paramsOf(step.params).node)).length === 0;
  },
  async capture(ctx, step) {
    const shell = ctx.shell(paramsOf(step.params).node);
    return (await (await controllerOn(shell)).controller.readRules(shell)) as unknown as Json;
  },
  async apply(ctx, step) {
    const params = paramsOf(step.params);
    const shell = ctx.shell(params.node);
    // Rules that nobody maintains do not know a pod that starts now: it answers first, so it is Calico that cuts it off then.
    await proveEnforced(ctx, params);
    await (await controllerOn(shell)).controller.removeRules(shell);
  },
  async verify(ctx, step) {
    const { node } = paramsOf(step.params);
    const left = await rulesOn(ctx, node);
    return { ok: left.length === 0, evidence: [left.length === 0 ? `no rule and no set of the former controller is left on ${node}; a pod that only Calico could cut off was cut off before` : `still on ${node}: ${left.join(', ')}`] };
  },
  async undo(ctx, step, captured) {
    const { node } = paramsOf(step.params);
    const shell = ctx.shell(node);
    await removeCanary(ctx, node);
    await (await controllerOn(shell)).controller.restoreRules(shell, captured as unknown as PolicyRules);
  },
};

/** Looks once more when a running controller would have had the time to put its rules back. */
export const policyGone: StepHandler<StepContext> = {
  async check() {
    return false;
  },
  async capture() {
    return null;
  },
  async apply() {
    // The look is the step.
  },
  async verify(ctx, step) {
    const { nodes } = step.params as unknown as { nodes: string[] };
    const found = await Promise.all(nodes.map(async (node) => (await rulesOn(ctx, node)).map((what) => `${node}: ${what} is back: its controller still runs there`)));
    const back = found.flat();
    return { ok: back.length === 0, evidence: back.length === 0 ? [`no rule has come back on ${nodes.length} nodes`] : back };
  },
  async undo() {
    // It changed nothing.
  },
};
