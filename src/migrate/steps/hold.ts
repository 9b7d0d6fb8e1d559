/** Holding a node's pods back while its network changes hands: a CNI configuration that refuses to add a pod but still removes one. */
import { dirname } from 'node:path';
import type { PodObject } from '../../cluster/objects.ts';
import { EnvironmentError } from '../../core/errors.ts';
import { waitUntil } from '../../cluster/wait.ts';
import { activeConf, readCniConfs } from '../../node/facts/cni-dirs.ts';
import { readLinks } from '../../node/facts/links.ts';
import { partialOf, removeFiles } from '../../node/partial-file.ts';
import { runOrThrow, type NodeShell } from '../../node/shell.ts';
import { podsOf } from './drain.ts';
import { waitOptions, type StepContext } from './context.ts';
import { describePod, onPodNetwork } from './pods.ts';

/** First in byte order, so that it is the one that decides. */
export const HOLD_CONF = '00-fairlead-hold.conflist';
const HOLD_PLUGIN = 'fairlead-hold';

/** Code 11 is "try again later" (CNI specification 1.0, "Error codes"). */
const PLUGIN = `#!/bin/sh
# Written by fairlead while it moves this node's network. Refuses new pods for the moment; removing pods still works.
case "$CNI_COMMAND" in
ADD) echo '{"cniVersion":"1.0.0","code":11,"msg":"fairlead is moving the network of this node; the pod starts when that is done"}'; exit 1 ;;
VERSION) echo '{"cniVersion":"1.0.0","supportedVersions":["0.3.0","0.3.1","0.4.0","1.0.0"]}' ;;
esac
`;

export interface CniPlaces {
  confDir: string;
  binDir: string;
}

/**
 * Makes the node refuse new pods. The plugins of the configuration that decides now stay in the list: without their
 * DEL, pods that are there could never be removed (containerd looks at the present configuration only).
 */
export async function holdPods(shell: NodeShell, places: CniPlaces): Promise<void> {
  const active = activeConf((await readCniConfs(shell, places.confDir)).filter((conf) => conf.file !== HOLD_CONF));
  if (active === undefined) throw new EnvironmentError(`node ${shell.node} has no CNI configuration in ${places.confDir}, where its containerd looks`);
  const conf = JSON.parse(active.text) as { name: string; cniVersion?: string; plugins?: object[] };
  const plugins = conf.plugins ?? [conf];
  await shell.write(`${places.binDir}/${HOLD_PLUGIN}`, PLUGIN, 0o755);
  await shell.write(`${places.confDir}/${HOLD_CONF}`, JSON.stringify({ cniVersion: conf.cniVersion ?? '0.3.1', name: conf.name, plugins: [{ type: HOLD_PLUGIN }, ...plugins] }, null, 2));
}

/** Lets pods start again. Idempotent. */
export async function releasePods(shell: NodeShell, places: CniPlaces): Promise<void> {
  await removeFiles(shell, [`${places.confDir}/${HOLD_CONF}`, `${places.binDir}/${HOLD_PLUGIN}`]);
}

/** Devices of pods on a node: ports of a bridge, or links by a prefix of their name. */
export async function podDevices(shell: NodeShell, owner: { bridge: string } | { prefix: string }): Promise<string[]> {
  const links = await readLinks(shell);
  return links.filter((link) => ('bridge' in owner ? link.master === owner.bridge : link.name.startsWith(owner.prefix) && link.kind === 'veth')).map((link) => link.name);
}

/**
 * Removes every pod that has an address of the pod network and waits until none of their devices is left. Their
 * controllers put new ones in their place, which wait for the hold to end; those of DaemonSets even come back to this node.
 */
export async function clearPods(ctx: StepContext, node: string, devices: { bridge: string } | { prefix: string }, timeoutMs: number): Promise<void> {
  const told = new Set<string | undefined>();
  const remove = (pod: PodObject): Promise<void> =>
    ctx.cluster.delete({ apiVersion: 'v1', kind: 'Pod', namespace: pod.metadata.namespace ?? 'default', name: pod.metadata.name }, pod.metadata.uid === undefined ? {} : { uid: pod.metadata.uid });
  const first = onPodNetwork(await podsOf(ctx, node)).map(describePod);
  const what = `the pods of ${node} to end (${first.slice(0, 3).join(', ')}${first.length > 3 ? `, … ${first.length} in all` : ''})`;
  await waitUntil(async () => {
    const pods = await podsOf(ctx, node);
    // A kubelet reports an address some time after the pod has got it, so a pod may turn out to have one only now.
    const fresh = onPodNetwork(pods).filter((pod) => hasAddress(pod) && !told.has(pod.metadata.uid));
    await Promise.all(fresh.map(remove));
    for (const pod of fresh) told.add(pod.metadata.uid);
    const left = pods.filter((pod) => told.has(pod.metadata.uid));
    return left.length === 0 && (await podDevices(ctx.shell(node), devices)).length === 0 ? true : undefined;
  }, waitOptions(ctx, what, timeoutMs));
}

function hasAddress(pod: PodObject): boolean {
  return (pod.status)?.podIP !== undefined;
}

/** Copies files that are missing in a directory of the node; returns the names of those it copied. */
export async function copyMissing(shell: NodeShell, sources: readonly string[], targetDir: string): Promise<string[]> {
  const copied: string[] = [];
  await runOrThrow(shell, ['mkdir', '-p', '--', targetDir]);
  for (const source of sources) {
    const target = `${targetDir}/${source.slice(dirname(source).length + 1)}`;
    if ((await shell.run(['test', '-e', target])).code === 0) continue;
    // Half a program under its own name would be taken for the whole one the next time.
    await runOrThrow(shell, ['cp', '-L', '-p', '--', source, partialOf(target)]);
    await runOrThrow(shell, ['mv', '-f', '--', partialOf(target), target]);
    copied.push(target);
  }
  return copied;
}
