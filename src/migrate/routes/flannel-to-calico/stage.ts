/** Step `stage`: what a node needs to go on with Flannel's network when its service no longer runs Flannel: the CNI configuration where containerd looks by default, and a copy of what only memory holds. */
import { vxlanDevice } from '../../../cni/calico/version.ts';
import { conflistName, subnetEnvPath } from '../../../cni/flannel/names.ts';
import type { NodeObject } from '../../../cluster/objects.ts';
import { detectHost } from '../../../distro/detect.ts';
import { listDirectory } from '../../../node/facts/cni-dirs.ts';
import { removeFiles } from '../../../node/partial-file.ts';
import { readText, runOrThrow, type NodeShell } from '../../../node/shell.ts';
import type { StepContext } from '../../steps/context.ts';
import { copyMissing } from '../../steps/hold.ts';
import { hasLink } from '../../steps/rename-link.ts';
import type { Json, StepHandler } from '../../types.ts';
import type { CniPlacement } from './facts.ts';
import { restartAndWait } from './frozen.ts';
import { frozenConf, migrationLabel, onFlannel } from './names.ts';
import { readTunnel, restoreRules, restoreTunnel, type TunnelState } from './tunnel-state.ts';

interface StageParams {
  nodes: string[];
  placement: CniPlacement;
  /** Name of Flannel's tunnel device. */
  device: string;
}

/** What a node that runs on without Flannel keeps in memory alone: a reboot takes it, and nobody else brings it back. */
interface Frozen {
  tunnel: TunnelState;
  /** What Flannel's CNI plugin reads at every pod's start; it lies on a tmpfs. */
  subnetEnv: string;
}

interface Captured {
  /** Files of the two directories before, by node. */
  present: Record<string, string[]>;
  frozen: Record<string, Frozen>;
}

/** Paths of what the directories hold that containerd reads without a built-in CNI. */
async function filesOf(shell: NodeShell, { after }: CniPlacement): Promise<string[]> {
  const listed = await Promise.all([after.confDir, after.binDir].map(async (dir) => ((await listDirectory(shell, dir)) ?? []).map((name) => `${dir}/${name}`)));
  return listed.flat();
}

async function freeze(shell: NodeShell, device: string): Promise<Frozen> {
  return { tunnel: await readTunnel(shell, device), subnetEnv: await runOrThrow(shell, ['cat', subnetEnvPath]) };
}

/** Puts back what a reboot took from a node that no longer runs Flannel and does not run Calico yet. Resolves what was put back. */
async function thaw(ctx: StepContext, node: string, { placement }: StageParams, { tunnel, subnetEnv }: Frozen): Promise<string[]> {
  const shell = ctx.shell(node);
  if (await hasLink(shell, vxlanDevice)) return [];
  // Pods can start again once this file is there, so it is written last.
  if ((await hasLink(shell, tunnel.device)) && (await shell.read(subnetEnvPath)) !== undefined) return [];
  const { distribution, host } = await detectHost(shell);
  // Where the service still runs Flannel, that makes its device itself.
  if ((await distribution.cniDirs(shell, host)).confDir !== placement.after.confDir) return [];
  await restoreTunnel(shell, tunnel);
  await restoreRules(shell, tunnel);
  await shell.write(subnetEnvPath, subnetEnv);
  return [`${node} has lost what a reboot takes: ${tunnel.device}, its routes and entries, Flannel's rules and ${subnetEnvPath} are back`];
}

/** Step `stage`: on every node, so that a service that restarts unplanned without Flannel still finds a CNI. */
export const stage: StepHandler<StepContext> = {
  async check(ctx, step) {
    const { nodes, placement } = step.params as unknown as StageParams;
    for (const node of nodes) if ((await ctx.shell(node).run(['test', '-s', `${placement.after.confDir}/${frozenConf}`])).code !== 0) return false;
    return true;
  },
  async capture(ctx, step) {
    const { nodes, placement, device } = step.params as unknown as StageParams;
    const captured: Captured = { present: {}, frozen: {} };
    for (const node of nodes) {
      captured.present[node] = await filesOf(ctx.shell(node), placement);
      captured.frozen[node] = await freeze(ctx.shell(node), device);
    }
    return captured as unknown as Json;
  },
  async apply(ctx, step) {
    const { nodes, placement } = step.params as unknown as StageParams;
    for (const node of nodes) {
      const shell = ctx.shell(node);
      const conf = await runOrThrow(shell, ['cat', `${placement.before.confDir}/${conflistName}`]);
      const plugins = (await runOrThrow(shell, ['ls', '-1', placement.before.binDir])).split('\n').filter(Boolean);
      await copyMissing(shell, plugins.map((name) => `${placement.before.binDir}/${name}`), placement.after.binDir);
      await shell.write(`${placement.after.confDir}/${frozenConf}`, conf);
    }
  },
  async verify(ctx, step) {
    const { nodes, placement } = step.params as unknown as StageParams;
    const without: string[] = [];
    for (const node of nodes) {
      const conf = JSON.parse((await readText(ctx.shell(node), `${placement.after.confDir}/${frozenConf}`)) ?? '{}') as { plugins?: { type: string }[] };
      for (const plugin of ['loopback', ...(conf.plugins ?? [{ type: 'flannel' }]).map((entry) => entry.type)]) {
        if ((await ctx.shell(node).run(['test', '-x', `${placement.after.binDir}/${plugin}`])).code !== 0) without.push(`${node}: ${placement.after.binDir}/${plugin}`);
      }
    }
    return { ok: without.length === 0, evidence: [without.length === 0 ? `every node has ${frozenConf} and its plugins where containerd looks by default` : `missing: ${without.join(', ')}`] };
  },
  async undo(ctx, step, captured) {
    const { nodes, placement } = step.params as unknown as StageParams;
    const { present } = captured as unknown as Captured;
    for (const node of nodes) {
      const shell = ctx.shell(node);
      const { distribution, host } = await detectHost(shell);
      // A node that was restarted meanwhile still looks where the copies are; the servers offer Flannel again, so another restart takes it back.
      if ((await distribution.cniDirs(shell, host)).confDir === placement.after.confDir) await restartAndWait(ctx, { node });
      // Only what this step copies: others may have put files there since.
      const plugins = (await listDirectory(shell, placement.before.binDir)) ?? [];
      const copies = [`${placement.after.confDir}/${frozenConf}`, ...plugins.map((name) => `${placement.after.binDir}/${name}`)];
      await removeFiles(shell, copies.filter((path) => !present[node]?.includes(path)));
    }
  },
  async repair(ctx, step, captured) {
    const params = step.params as unknown as StageParams;
    const { frozen } = captured as unknown as Captured;
    const onIt = (await ctx.cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node', labelSelector: `${migrationLabel}=${onFlannel}` })).map((node) => node.metadata.name);
    const done: string[] = [];
    for (const [node, state] of Object.entries(frozen)) if (onIt.includes(node)) done.push(...(await thaw(ctx, node, params, state)));
    return done;
  },
};
