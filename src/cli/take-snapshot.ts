/** A snapshot for a verb: of files when some are named, else of the live cluster. */
import { EnvironmentError, UsageError } from '../core/errors.ts';
import { packageVersion } from '../core/package-root.ts';
import { Cluster } from '../cluster/client.ts';
import { collectSnapshot } from '../cluster/snapshot/collect.ts';
import { loadSnapshot } from '../cluster/snapshot/load.ts';
import type { Snapshot } from '../cluster/snapshot/model.ts';
import { CATALOGUE } from '../cni/catalogue.ts';
import { readHostFacts } from '../distro/host-facts.ts';
import type { NodeShell } from '../node/shell.ts';
import { textOption } from './options.ts';
import { createProgress } from './progress.ts';
import type { VerbContext, VerbOption } from './verb.ts';
import { accessOptions, withAccess } from './via.ts';

/** Options of verbs that read a live cluster, with its hosts or without them. */
export const liveOptions: readonly VerbOption[] = accessOptions.map((option) =>
  option.flags.startsWith('--via ') ? { ...option, description: 'read the hosts of a live cluster, too, and how they are reached: pod (through the API server), ssh, or lab:NAME' } : option,
);

/** Loads the inputs. */
export async function loadInputs(inputs: readonly string[]): Promise<Snapshot> {
  return await loadSnapshot(inputs, { catalogue: CATALOGUE, ...(inputs.includes('-') ? { stdin: process.stdin } : {}), tool: packageVersion(), now: new Date() });
}

/** Collects from the cluster; hosts only where `--via` says how they are reached. */
async function collectLive(ctx: VerbContext): Promise<Snapshot> {
  if (textOption(ctx, 'via') !== undefined) return await withAccess(ctx, (access) => collect(ctx, access.cluster, access.shell));
  const [kubeconfig, context] = [textOption(ctx, 'kubeconfig'), textOption(ctx, 'context')];
  const cluster = await Cluster.connect({ ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) });
  try {
    return await collect(ctx, cluster, undefined);
  } finally {
    cluster.close();
  }
}

async function collect(ctx: VerbContext, cluster: Cluster, shell: ((node: string) => NodeShell) | undefined): Promise<Snapshot> {
  const progress = createProgress(ctx);
  try {
    progress.start(`reading ${cluster.endpoint}`);
    const snapshot = await collectSnapshot({
      source: cluster, catalogue: CATALOGUE, tool: packageVersion(), now: new Date(), waiting: (what) => progress.waiting(what),
      ...(shell === undefined ? { whyNoHosts: 'it was not said how hosts are reached (--via pod, ssh or lab:NAME)' } : { hostFacts: (node) => readHostFacts(shell(node)) }),
    });
    if (snapshot.entries.length === 0) throw new EnvironmentError(`nothing could be read of ${cluster.endpoint}: ${snapshot.unknown[0]?.why ?? 'it has no objects'}`);
    progress.done(`read ${snapshot.entries.length} objects and ${snapshot.hosts.length} hosts of ${cluster.endpoint}`);
    return snapshot;
  } finally {
    progress.stop();
  }
}

/** Of `inputs`, or live when there are none. Errors: UsageError when both are given. */
export async function takeSnapshot(ctx: VerbContext, inputs: readonly string[]): Promise<Snapshot> {
  if (inputs.length === 0) return await collectLive(ctx);
  const live = ['via', 'kubeconfig', 'context'].find((name) => textOption(ctx, name) !== undefined);
  if (live !== undefined) throw new UsageError(`--${live} is for a live cluster, but files are named: ${inputs.join(', ')}`, { hint: 'Leave one of both out.' });
  return await loadInputs(inputs);
}
