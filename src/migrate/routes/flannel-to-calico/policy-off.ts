/** Steps `policy-off`, `policy-restart`: the distribution's own NetworkPolicy controller ends, on the servers and then on the agents; its rules stay. */
import { waitUntil } from '../../../cluster/wait.ts';
import { detectHost } from '../../../distro/detect.ts';
import type { Host } from '../../../distro/distribution.ts';
import type { PolicyController } from '../../../distro/policy-controller.ts';
import { readText, runOrThrow, type NodeShell } from '../../../node/shell.ts';
import { waitOptions, type StepContext } from '../../steps/context.ts';
import type { StepHandler } from '../../types.ts';
import { restartAndWait } from './frozen.ts';

interface OffParams {
  node: string;
  /** Agents that are told to run it again when this is undone. */
  agents: string[];
}

/** The file as it was before: null when there was none. */
interface Before {
  path: string;
  text: string | null;
}

/** The controller of a node's distribution. Throws Error (a bug of the plan) when it has none. */
export async function controllerOn(shell: NodeShell): Promise<{ controller: PolicyController; host: Host }> {
  const { distribution, host } = await detectHost(shell);
  if (distribution.policyController === undefined) throw new Error(`node ${shell.node}: ${distribution.name} has no NetworkPolicy controller of its own`);
  return { controller: distribution.policyController, host };
}

/** Waits until a controller that is on again has laid its rules. */
async function untilRules(ctx: StepContext, node: string): Promise<void> {
  const { controller } = await controllerOn(ctx.shell(node));
  await waitUntil(async () => ((await controller.describeRules(ctx.shell(node))).length > 0 ? true : undefined), waitOptions(ctx, `${controller.name} to lay its rules on ${node}`, 120_000));
}

export const policyOff: StepHandler<StepContext> = {
  async check() {
    // The file alone does not tell whether the service has restarted since.
    return false;
  },
  async capture(ctx, step) {
    const shell = ctx.shell((step.params as unknown as OffParams).node);
    const { controller, host } = await controllerOn(shell);
    const { path } = await controller.offChange(shell, host);
    return { path, text: (await readText(shell, path)) ?? null };
  },
  async apply(ctx, step) {
    const { node } = step.params as unknown as OffParams;
    const shell = ctx.shell(node);
    const { controller, host } = await controllerOn(shell);
    const change = await controller.offChange(shell, host);
    await shell.write(change.path, change.content, change.mode);
    await restartAndWait(ctx, { node });
  },
  async verify(ctx, step) {
    const { node } = step.params as unknown as OffParams;
    const { controller, host } = await controllerOn(ctx.shell(node));
    const on = await controller.isOn(ctx.shell(node), host);
    const rules = (await controller.describeRules(ctx.shell(node))).length;
    return { ok: !on, evidence: [`${node}: ${controller.name} is ${on ? 'still on' : 'off'} by its settings, the service has restarted; ${rules} chains and sets of it are left for now`] };
  },
  async undo(ctx, step, captured) {
    const { node, agents } = step.params as unknown as OffParams;
    const { path, text } = captured as unknown as Before;
    const shell = ctx.shell(node);
    if (text === null) await runOrThrow(shell, ['rm', '-f', '--', path]);
    else await shell.write(path, text, 0o600);
    // Whatever the file said a moment ago: a crash may lie between the file and the restart.
    for (const one of [node, ...agents]) await restartAndWait(ctx, { node: one });
    for (const one of [node, ...agents]) await untilRules(ctx, one);
  },
};

export const policyRestart: StepHandler<StepContext> = {
  async check() {
    return false;
  },
  async capture() {
    return null;
  },
  apply: (ctx, step) => restartAndWait(ctx, step.params as unknown as { node: string }),
  async verify(ctx, step) {
    const { node } = step.params as unknown as { node: string };
    const { controller } = await controllerOn(ctx.shell(node));
    return { ok: true, evidence: [`the service of ${node} has restarted and was told to run without ${controller.name}; whether its rules stay away shows when they are removed`] };
  },
  async undo() {
    // Undoing the first server's `policy-off` restarts the agents, after all servers.
  },
};
