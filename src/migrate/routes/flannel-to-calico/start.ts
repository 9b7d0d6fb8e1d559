/** Step `start`: Calico takes the node: its label brings calico-node, which writes the CNI configuration; then pods may start again. */
import { calicoNodePod, felixHealth } from '../../../cni/calico/health.ts';
import { inspectCalico, missingOnNode, type ExpectedNode } from '../../../cni/calico/inspect.ts';
import { findCalicoLeftovers } from '../../../cni/calico/leftovers.ts';
import { calicoAnnotations, restoreAnnotations } from '../../../cni/calico/seed.ts';
import { conflistName, migrationLabel, vxlanDevice, workloadPrefix } from '../../../cni/calico/version.ts';
import { removeLeftovers, type Leftover } from '../../../cni/leftover.ts';
import type { NodeObject } from '../../../cluster/objects.ts';
import { waitUntil } from '../../../cluster/wait.ts';
import { listDirectory, readCniConfs } from '../../../node/facts/cni-dirs.ts';
import { runOrThrow } from '../../../node/shell.ts';
import { waitOptions, type StepContext } from '../../steps/context.ts';
import { clearPods, HOLD_CONF, holdPods, podDevices, releasePods, type CniPlaces } from '../../steps/hold.ts';
import { setNodeMetadata } from '../../steps/objects.ts';
import type { Json, StepHandler } from '../../types.ts';
import { onCalico, onNeither } from './names.ts';
import { readTunnel, restoreForwarding, type TunnelState } from './tunnel-state.ts';

interface StartParams {
  node: string;
  places: CniPlaces;
  expected: ExpectedNode;
  timeoutMs: number;
}

interface Before {
  /** CNI configurations of the directory by file name, all but Calico's and the hold. */
  confs: Record<string, string>;
  plugins: string[];
  /** Value of the migration label: what brought the node here differs between distributions. */
  label: string | null;
  /** Calico's annotations of the Node, to which calico-node adds. */
  annotations: Record<string, string>;
  /** The tunnel as it was handed over: Felix puts routes of its own in the place of those that are there. */
  tunnel: TunnelState;
}

const paramsOf = (params: Json): StartParams => params as unknown as StartParams;

/** What is not there yet, in words; empty when Calico is complete on the node. */
async function incomplete(ctx: StepContext, { node, places, expected }: StartParams): Promise<string[]> {
  const shell = ctx.shell(node);
  const pod = await calicoNodePod(ctx.cluster, node);
  if (!pod.ready) return [pod.evidence];
  // The kubelet's verdict may be seconds old; Felix itself is asked, too, where the host has a program to ask with.
  const felix = await felixHealth(shell);
  if (felix?.ready === false) return [felix.evidence];
  const missing = missingOnNode(await inspectCalico(shell), expected);
  if ((await shell.run(['test', '-s', `${places.confDir}/${conflistName}`])).code !== 0) missing.push(`${places.confDir}/${conflistName} is not written`);
  return missing;
}

/** As `incomplete`, and whether pods may start again: the last thing that is done. */
async function lacks(ctx: StepContext, params: StartParams): Promise<string[]> {
  const held = (await ctx.shell(params.node).run(['test', '-e', `${params.places.confDir}/${HOLD_CONF}`])).code === 0;
  return held ? [`new pods on ${params.node} are still held back`] : incomplete(ctx, params);
}

export const start: StepHandler<StepContext> = {
  async check(ctx, step) {
    return (await lacks(ctx, paramsOf(step.params))).length === 0;
  },
  async capture(ctx, step) {
    const { node, places } = paramsOf(step.params);
    const confs = (await readCniConfs(ctx.shell(node), places.confDir)).filter((conf) => conf.file !== conflistName && conf.file !== HOLD_CONF);
    const object = await ctx.cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name: node });
    if (object === undefined) throw new Error(`Node ${node} is gone`);
    const before: Before = {
      confs: Object.fromEntries(confs.map((conf) => [conf.file, conf.text])),
      plugins: (await listDirectory(ctx.shell(node), places.binDir)) ?? [],
      label: object.metadata.labels?.[migrationLabel] ?? null,
      annotations: calicoAnnotations(object),
      tunnel: await readTunnel(ctx.shell(node), vxlanDevice),
    };
    return before as unknown as Json;
  },
  async apply(ctx, step, captured) {
    const params = paramsOf(step.params);
    const shell = ctx.shell(params.node);
    await setNodeMetadata(ctx, params.node, { labels: { [migrationLabel]: onCalico } });
    let last: string[] = [];
    const complete = async (): Promise<true | undefined> => {
      last = await incomplete(ctx, params);
      return last.length === 0 ? true : undefined;
    };
    await waitUntil(complete, waitOptions(ctx, `Calico to be complete on ${params.node}`, params.timeoutMs)).catch((cause: unknown) => {
      throw new Error(`Calico did not become complete on ${params.node}: ${last.join('; ') || String(cause)}`, { cause });
    });
    for (const name of Object.keys((captured as unknown as Before).confs)) await runOrThrow(shell, ['rm', '-f', '--', `${params.places.confDir}/${name}`]);
    await releasePods(shell, params.places);
  },
  async verify(ctx, step) {
    const missing = await lacks(ctx, paramsOf(step.params));
    return { ok: missing.length === 0, evidence: missing.length === 0 ? ["calico-node is Ready; routes, neighbours and forwarding entries cover every peer, and the node's own range is set"] : missing };
  },
  async undo(ctx, step, captured) {
    const { node, places, timeoutMs } = paramsOf(step.params);
    const before = captured as unknown as Before;
    const shell = ctx.shell(node);
    // No pod may start from here on. Those that Calico gave an address need its plugin and its configuration to go, so they go first.
    await holdPods(shell, places);
    if ((await podDevices(shell, { prefix: workloadPrefix })).length > 0) await clearPods(ctx, node, { prefix: workloadPrefix }, timeoutMs);
    await setNodeMetadata(ctx, node, { labels: { [migrationLabel]: onNeither } });
    await waitUntil(async () => ((await calicoNodePod(ctx.cluster, node)).pod === undefined ? true : undefined), waitOptions(ctx, `calico-node to leave ${node}`, timeoutMs));
    for (const [name, text] of Object.entries(before.confs)) await shell.write(`${places.confDir}/${name}`, text);
    // Before Felix' own go, so that there is a way to every peer throughout.
    await restoreForwarding(shell, before.tunnel);
    const find = (): Promise<Leftover[]> => findCalicoLeftovers(shell, { confDirs: [places.confDir], binDirs: [places.binDir], pluginsBefore: before.plugins, keepTunnel: true });
    await removeLeftovers(shell, find).catch(async (error: unknown) => {
      // A directory that will not go (something is mounted on it) is untidy, but no reason to leave the node without a network.
      if ((await find()).some((one) => one.kind !== 'file' || one.what.startsWith(places.confDir))) throw error;
    });
    // Held until the tunnel is Flannel's again; undoing `clear` lets pods start.
    await holdPods(shell, places);
    await restoreAnnotations(ctx.cluster, node, before.annotations);
    await setNodeMetadata(ctx, node, { labels: { [migrationLabel]: before.label } });
  },
};
