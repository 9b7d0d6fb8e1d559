/** Steps for distributions whose service runs Flannel itself: switch it off on the servers, restart each agent when its turn comes. */
import { isReady, type NodeObject } from '../../../cluster/objects.ts';
import { waitUntil } from '../../../cluster/wait.ts';
import { detectHost } from '../../../distro/detect.ts';
import { restartService } from '../../../distro/service.ts';
import { readText, runOrThrow } from '../../../node/shell.ts';
import { waitOptions, type StepContext } from '../../steps/context.ts';
import { hasLink } from '../../steps/rename-link.ts';
import type { StepHandler } from '../../types.ts';

interface ServiceParams {
  node: string;
  device: string;
}

/** What a server said before: the text of the drop-in, null when there was none. */
interface SwitchedOff {
  path: string;
  text: string | null;
}

/** When the kubelet last renewed its lease, which it does at its start and every ten seconds; a Node's status may go without news for minutes. */
async function lastRenewal(ctx: StepContext, node: string): Promise<string> {
  const lease = await ctx.cluster.get({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'kube-node-lease', name: node });
  return (lease?.['spec'] as { renewTime?: string } | undefined)?.renewTime ?? '';
}

/** Restarts a node's service and waits until its kubelet reports again. */
export async function restartAndWait(ctx: StepContext, { node }: Pick<ServiceParams, 'node'>): Promise<void> {
  const { host } = await detectHost(ctx.shell(node));
  const before = await lastRenewal(ctx, node);
  await restartService(ctx.shell(node), host.service);
  await waitUntil(async () => {
    const object = await ctx.cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name: node });
    return object !== undefined && isReady(object) && (await lastRenewal(ctx, node)) !== before ? true : undefined;
  }, waitOptions(ctx, `the kubelet of ${node} to report again`, 120_000));
}

/** Step `switch-off`: a server hands out "no Flannel" from its next start on. Its own Flannel stops; device, routes and rules stay as they are. */
export const switchOff: StepHandler<StepContext> = {
  async check() {
    return false;
  },
  async capture(ctx, step) {
    const shell = ctx.shell((step.params as unknown as ServiceParams).node);
    const { distribution, host } = await detectHost(shell);
    const change = await distribution.cniOffChange(shell, host);
    if (change === undefined) throw new Error(`node ${host.node}: nothing to switch off on this ${distribution.name} host`);
    return { path: change.path, text: (await readText(shell, change.path)) ?? null };
  },
  async apply(ctx, step) {
    const params = step.params as unknown as ServiceParams;
    const shell = ctx.shell(params.node);
    const { distribution, host } = await detectHost(shell);
    const change = await distribution.cniOffChange(shell, host);
    if (change !== undefined) await shell.write(change.path, change.content, change.mode);
    await restartAndWait(ctx, params);
  },
  async verify(ctx, step) {
    const { node, device } = step.params as unknown as ServiceParams;
    const { host } = await detectHost(ctx.shell(node));
    const stands = await hasLink(ctx.shell(node), device);
    return { ok: host.builtInBackend === undefined && stands, evidence: [`${node}: flannel-backend is ${host.builtInBackend ?? 'none'}; ${device} ${stands ? 'stands as before' : 'is gone'}`] };
  },
  async undo(ctx, step, captured) {
    const params = step.params as unknown as ServiceParams;
    const { path, text } = captured as unknown as SwitchedOff;
    const shell = ctx.shell(params.node);
    if (((await readText(shell, path)) ?? null) === text) return;
    if (text === null) await runOrThrow(shell, ['rm', '-f', '--', path]);
    else await shell.write(path, text, 0o600);
    await restartAndWait(ctx, params);
    await waitUntil(async () => ((await hasLink(shell, params.device)) ? true : undefined), waitOptions(ctx, `${params.device} on ${params.node}`, 60_000));
  },
};

/** Step `restart`: an agent learns of it at its next start. Not undone by another restart: while the servers say "none", the node goes on with the frozen configuration. */
export const restart: StepHandler<StepContext> = {
  async check() {
    return false;
  },
  async capture() {
    return null;
  },
  apply: (ctx, step) => restartAndWait(ctx, step.params as unknown as ServiceParams),
  async verify(ctx, step) {
    const { node, device } = step.params as unknown as ServiceParams;
    const stands = await hasLink(ctx.shell(node), device);
    return { ok: stands, evidence: [`${node}: ${device} ${stands ? 'stands as before' : 'is gone'} after the restart`] };
  },
  async undo() {
    // The frozen configuration and device serve the node whether or not its service was restarted.
  },
};
