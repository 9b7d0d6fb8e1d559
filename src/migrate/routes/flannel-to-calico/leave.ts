/** Step `leave`, where Flannel is a DaemonSet: its pod leaves the node; device, routes and forwarding entries stay. */
import { migrationLabel } from '../../../cni/calico/version.ts';
import { waitUntil } from '../../../cluster/wait.ts';
import { podsOf } from '../../steps/drain.ts';
import { waitOptions, type StepContext } from '../../steps/context.ts';
import { setNodeMetadata } from '../../steps/objects.ts';
import { hasLink } from '../../steps/rename-link.ts';
import type { Json, StepHandler } from '../../types.ts';
import { onFlannel, onNeither } from './names.ts';
import { lostForwarding, readTunnel, restoreRules, restoreTunnel, type TunnelState } from './tunnel-state.ts';

interface LeaveParams {
  node: string;
  device: string;
  daemonSet: { namespace: string; name: string };
}

const paramsOf = (params: Json): LeaveParams => params as unknown as LeaveParams;

async function runsHere(ctx: StepContext, { node, daemonSet }: LeaveParams): Promise<boolean> {
  return (await podsOf(ctx, node)).some((pod) => pod.metadata.namespace === daemonSet.namespace && pod.metadata.ownerReferences?.some((owner) => owner.kind === 'DaemonSet' && owner.name === daemonSet.name));
}

export const leave: StepHandler<StepContext> = {
  async check() {
    // That the pod has left does not tell whether its forwarding was put back; applying again costs a few commands that change nothing.
    return false;
  },
  async capture(ctx, step) {
    const { node, device } = paramsOf(step.params);
    return (await readTunnel(ctx.shell(node), device)) as unknown as Json;
  },
  async apply(ctx, step, captured) {
    const params = paramsOf(step.params);
    await setNodeMetadata(ctx, params.node, { labels: { [migrationLabel]: onNeither } });
    await waitUntil(async () => ((await runsHere(ctx, params)) ? undefined : true), waitOptions(ctx, `Flannel's pod to leave ${params.node}`, 60_000));
    // flanneld takes its masquerading rules along when it ends, and pods that are still here go on needing them.
    await restoreTunnel(ctx.shell(params.node), captured as unknown as TunnelState);
    await restoreRules(ctx.shell(params.node), captured as unknown as TunnelState);
  },
  async verify(ctx, step, captured) {
    const params = paramsOf(step.params);
    const shell = ctx.shell(params.node);
    const stands = await hasLink(shell, params.device);
    const lost = stands ? lostForwarding(captured as unknown as TunnelState, await readTunnel(shell, params.device)) : [];
    const gone = !(await runsHere(ctx, params));
    return { ok: stands && lost.length === 0 && gone, evidence: [`${params.node}: Flannel's pod ${gone ? 'has left' : 'still runs'}; ${params.device} ${stands ? (lost.length === 0 ? 'stands as before' : `has lost ${lost.join(', ')}`) : 'is gone'}`] };
  },
  async undo(ctx, step, captured) {
    const params = paramsOf(step.params);
    await restoreTunnel(ctx.shell(params.node), captured as unknown as TunnelState);
    await restoreRules(ctx.shell(params.node), captured as unknown as TunnelState);
    await setNodeMetadata(ctx, params.node, { labels: { [migrationLabel]: onFlannel } });
    await waitUntil(async () => ((await runsHere(ctx, params)) ? true : undefined), waitOptions(ctx, `Flannel's pod to be back on ${params.node}`, 60_000));
  },
};
