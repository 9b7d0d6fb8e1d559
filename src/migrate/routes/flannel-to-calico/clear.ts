/** Step `clear`: no new pods on the node for now, and those that are left (of DaemonSets) go: Felix' route for the node's own range would cut off any pod that still hangs on the bridge. */
import { bridgeName } from '../../../cni/flannel/names.ts';
import type { StepContext } from '../../steps/context.ts';
import { clearPods, HOLD_CONF, holdPods, podDevices, releasePods, type CniPlaces } from '../../steps/hold.ts';
import { podsReturn } from '../../steps/return-pods.ts';
import type { StepHandler } from '../../types.ts';

interface ClearParams {
  node: string;
  places: CniPlaces;
  timeoutMs: number;
  /** Undone only when the pods are back: where there is no other node, nothing goes on without them. */
  waitForReturn: boolean;
}

export const clear: StepHandler<StepContext> = {
  async check(ctx, step) {
    const { node, places } = step.params as unknown as ClearParams;
    const held = (await ctx.shell(node).run(['test', '-e', `${places.confDir}/${HOLD_CONF}`])).code === 0;
    return held && (await podDevices(ctx.shell(node), { bridge: bridgeName })).length === 0;
  },
  async capture() {
    return null;
  },
  async apply(ctx, step) {
    const { node, places, timeoutMs } = step.params as unknown as ClearParams;
    await holdPods(ctx.shell(node), places);
    await clearPods(ctx, node, { bridge: bridgeName }, timeoutMs);
  },
  async verify(ctx, step) {
    const { node } = step.params as unknown as ClearParams;
    const left = await podDevices(ctx.shell(node), { bridge: bridgeName });
    return { ok: left.length === 0, evidence: [left.length === 0 ? `${bridgeName} on ${node} has no ports` : `still on ${bridgeName}: ${left.join(', ')}`] };
  },
  async undo(ctx, step) {
    const { node, places, timeoutMs, waitForReturn } = step.params as unknown as ClearParams;
    await releasePods(ctx.shell(node), places);
    if (waitForReturn) await podsReturn(ctx, { node, timeoutMs });
  },
};
