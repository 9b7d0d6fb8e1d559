/** Steps for distributions whose service runs Flannel itself: switch it off on the servers, restart each agent when its turn comes. */
import { UnreachableError } from '../../../cluster/api-error.ts';
import { isReady, type NodeObject } from '../../../cluster/objects.ts';
import { waitUntil } from '../../../cluster/wait.ts';
import { detectHost } from '../../../distro/detect.ts';
import { isActive, restartService } from '../../../distro/service.ts';
import { partialOf, removeFiles } from '../../../node/partial-file.ts';
import { readText } from '../../../node/shell.ts';
import { waitOptions, type StepContext } from '../../steps/context.ts';
import { hasLink } from '../../steps/rename-link.ts';
import { untilNothingLacks } from '../../steps/until-nothing-lacks.ts';
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
  // A server that does not answer is all the more in need of a restart.
  const known = await lastRenewal(ctx, node).catch((error: unknown) => {
    if (error instanceof UnreachableError) return undefined;
    throw error;
  });
  await restartService(ctx.shell(node), host.service);
  const before = known ?? (await waitUntil(() => lastRenewal(ctx, node), waitOptions(ctx, 'the API server to answer', 120_000)));
  await waitUntil(async () => {
    const object = await ctx.cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name: node });
    return object !== undefined && isReady(object) && (await lastRenewal(ctx, node)) !== before ? true : undefined;
  }, waitOptions(ctx, `the kubelet of ${node} to report again`, 120_000));
}

/**
 * Whether the node's service was started without a CNI of its own: then its containerd looks where it does by default,
 * by the configuration that the service writes at each start.
 */
async function runsWithout(ctx: StepContext, node: string): Promise<boolean> {
  const shell = ctx.shell(node);
  const { distribution, host } = await detectHost(shell);
  return (await distribution.cniDirs(shell, host)).confDir === distribution.cniDirsWhenOff.confDir;
}

/** What is missing after a restart without a CNI of its own, one sentence each. */
async function lacks(ctx: StepContext, { node, device }: ServiceParams): Promise<string[]> {
  const shell = ctx.shell(node);
  const { host } = await detectHost(shell);
  const object = await ctx.cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name: node });
  return [
    ...(host.builtInBackend === undefined ? [] : [`flannel-backend of ${node} is ${host.builtInBackend}, expected none`]),
    ...((await runsWithout(ctx, node)) ? [] : [`${host.service} on ${node} was started with Flannel: containerd still looks for CNI in its directories`]),
    ...((await isActive(shell, host.service)) ? [] : [`${host.service} on ${node} is not active`]),
    ...(object !== undefined && isReady(object) ? [] : [`node ${node} is not Ready`]),
    ...((await hasLink(shell, device)) ? [] : [`${device} on ${node} is gone`]),
  ];
}

async function restarted(ctx: StepContext, params: ServiceParams): Promise<{ ok: boolean; evidence: string[] }> {
  const found = await untilNothingLacks(ctx, `${params.node} to be as it should after its restart`, () => lacks(ctx, params));
  return { ok: found.length === 0, evidence: found.length === 0 ? [`${params.node} runs without Flannel and is Ready; ${params.device} stands as before`] : found };
}

/** Step `switch-off`: a server hands out "no Flannel" from its next start on. Its own Flannel stops; device, routes and rules stay as they are. */
export const switchOff: StepHandler<StepContext> = {
  async check(ctx, step) {
    return (await lacks(ctx, step.params as unknown as ServiceParams)).length === 0;
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
  verify: (ctx, step) => restarted(ctx, step.params as unknown as ServiceParams),
  async undo(ctx, step, captured) {
    const params = step.params as unknown as ServiceParams;
    const { path, text } = captured as unknown as SwitchedOff;
    const shell = ctx.shell(params.node);
    const { host } = await detectHost(shell);
    await removeFiles(shell, text === null ? [path] : [partialOf(path)]);
    if (text !== null) await shell.write(path, text, 0o600);
    // The file alone does not tell what the service was started with.
    if ((await runsWithout(ctx, params.node)) || !(await isActive(shell, host.service))) await restartAndWait(ctx, params);
    await waitUntil(async () => ((await hasLink(shell, params.device)) ? true : undefined), waitOptions(ctx, `${params.device} on ${params.node}`, 60_000));
  },
};

/** Step `restart`: an agent learns of it at its next start. Not undone by another restart: while the servers say "none", the node goes on with the frozen configuration. */
export const restart: StepHandler<StepContext> = {
  async check(ctx, step) {
    return (await lacks(ctx, step.params as unknown as ServiceParams)).length === 0;
  },
  async capture() {
    return null;
  },
  apply: (ctx, step) => restartAndWait(ctx, step.params as unknown as ServiceParams),
  verify: (ctx, step) => restarted(ctx, step.params as unknown as ServiceParams),
  async undo() {
    // The frozen configuration and device serve the node whether or not its service was restarted.
  },
};
