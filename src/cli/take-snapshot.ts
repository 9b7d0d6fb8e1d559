/** A snapshot for a verb: of files when some are named, else of the live cluster. */
import { EnvironmentError, UsageError } from '../core/errors.ts';
import { packageVersion } from '../core/package-root.ts';
import { Cluster } from '../cluster/client.ts';
import type { Catalogue } from '../cluster/snapshot/catalogue.ts';
import { collectSnapshot, type ObjectSource } from '../cluster/snapshot/collect.ts';
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

/** What is read of a cluster. */
interface Reading {
  catalogue: Catalogue;
  /** Kinds of which one object alone is asked for, by its name. */
  only?: Readonly<Record<string, string>>;
  shell?: (node: string) => NodeShell;
}

/** Collects from the cluster; hosts only where `--via` says how they are reached. */
async function collectLive(ctx: VerbContext): Promise<Snapshot> {
  if (textOption(ctx, 'via') !== undefined) return await withAccess(ctx, (access) => collect(ctx, access.cluster, { catalogue: CATALOGUE, shell: access.shell }));
  return await readCluster(ctx, { catalogue: CATALOGUE });
}

/** Reads a cluster without its hosts; `--via lab:NAME` only says which cluster. */
export async function readCluster(ctx: VerbContext, reading: Reading): Promise<Snapshot> {
  const [kubeconfig, context] = [await kubeconfigOf(ctx), textOption(ctx, 'context')];
  const cluster = await Cluster.connect({ ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) });
  try {
    return await collect(ctx, cluster, reading);
  } finally {
    cluster.close();
  }
}

async function kubeconfigOf(ctx: VerbContext): Promise<string | undefined> {
  const [via, kubeconfig] = [textOption(ctx, 'via'), textOption(ctx, 'kubeconfig')];
  if (via === undefined || via === 'pod' || via === 'ssh') return kubeconfig;
  if (!via.startsWith('lab:')) throw new UsageError(`--via ${via}: there is no such way`, { hint: 'this version knows pod, ssh and lab:NAME' });
  if (kubeconfig !== undefined || textOption(ctx, 'context') !== undefined) throw new UsageError(`--via ${via}: a lab has its own kubeconfig`, { hint: 'leave --kubeconfig and --context out' });
  const [{ labPaths }, { readState }] = await Promise.all([import('../lab/paths.ts'), import('../lab/state.ts')]);
  return labPaths(readState(via.slice('lab:'.length)).name).kubeconfig;
}

/** The cluster's API, asked for one object alone of some kinds. */
function narrowed(cluster: Cluster, only: Readonly<Record<string, string>>): ObjectSource {
  return {
    endpoint: cluster.endpoint,
    serves: (apiVersion, kind) => cluster.serves(apiVersion, kind),
    pages: (query) => cluster.pages(only[query.kind] === undefined ? query : { ...query, fieldSelector: `metadata.name=${only[query.kind]}` }),
  };
}

/** Collects from a cluster that is reached already; its hosts with `shell` alone. */
export async function collect(ctx: VerbContext, cluster: Cluster, { catalogue, only = {}, shell }: Reading): Promise<Snapshot> {
  const progress = createProgress(ctx);
  try {
    progress.start(`reading ${cluster.endpoint}`);
    const snapshot = await collectSnapshot({
      source: narrowed(cluster, only), catalogue, tool: packageVersion(), now: new Date(), waiting: (what) => progress.soFar(what),
      ...(shell === undefined ? { whyNoHosts: 'it was not said how hosts are reached (--via pod, ssh or lab:NAME)' } : { hostFacts: (node) => readHostFacts(shell(node)) }),
    });
    if (snapshot.entries.length === 0) throw new EnvironmentError(`nothing could be read of ${cluster.endpoint}: ${snapshot.unknown[0]?.why ?? 'it has no objects'}`);
    progress.done(`read ${snapshot.entries.length} objects${shell === undefined ? '' : ` and ${snapshot.hosts.length} hosts`} of ${cluster.endpoint}`);
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
