/** Step `clear`: no new pods on the node for now, and those that are left (of DaemonSets) go: Felix' route for the node's own range would cut off any pod that still hangs on the bridge. */
import { bridgeName } from '../../../cni/flannel/names.ts';
import type { StepContext } from '../../steps/context.ts';
import { clearPods, HOLD_CONF, holdPods, podDevices, releasePods, type CniPlaces } from '../../steps/hold.ts';
import { proxiesFollow, removeProxyChecks } from '../../steps/proxies.ts';
import { podsReturn } from '../../steps/return-pods.ts';
import type { StepHandler } from '../../types.ts';

interface ClearParams {
  node: string;
  places: CniPlaces;
  timeoutMs: number;
  /** Undone only when the pods are back: where there is no other node, nothing goes on without them. */
  waitForReturn: boolean;
}

/** What is not as it should be yet, in words. */
async function unclear(ctx: StepContext, { node, places }: ClearParams): Promise<string[]> {
  const held = (await ctx.shell(node).run(['test', '-e', `${places.confDir}/${HOLD_CONF}`])).code === 0;
  const left = await podDevices(ctx.shell(node), { bridge: bridgeName });
  return [...(held ? [] : [`new pods on ${node} are not held back`]), ...(left.length === 0 ? [] : [`still on ${bridgeName}: ${left.join(', ')}`])];
}

export const clear: StepHandler<StepContext> = {
  async check(ctx, step) {
    return (await unclear(ctx, step.params as unknown as ClearParams)).length === 0;
  },
  async capture() {
    return null;
  },
  async apply(ctx, step) {
    const { node, places, timeoutMs } = step.params as unknown as ClearParams;
    await proxiesFollow(ctx, 'or fail');
    await holdPods(ctx.shell(node), places);
    await clearPods(ctx, node, { bridge: bridgeName }, timeoutMs);
  },
  async verify(ctx, step) {
    const params = step.params as unknown as ClearParams;
    const found = await unclear(ctx, params);
    return { ok: found.length === 0, evidence: found.length === 0 ? [`new pods on ${params.node} are held back, and ${bridgeName} has no ports`] : found };
  },
  async undo(ctx, step) {
    const { node, places, timeoutMs, waitForReturn } = step.params as unknown as ClearParams;
    await removeProxyChecks(ctx);
    await releasePods(ctx.shell(node), places);
    if (waitForReturn) await podsReturn(ctx, { node, timeoutMs });
  },
};
