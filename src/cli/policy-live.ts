/** The live cluster as an input of `fairlead policy`: read only, and nothing of it that policies do not look at. */
import { UsageError } from '../core/errors.ts';
import type { Loaded } from '../policy/input/objects.ts';
import { textOption } from './options.ts';
import type { VerbContext, VerbOption } from './verb.ts';

/** Options that say which cluster is the live one. Hosts are not read, so that there is nothing to reach them by. */
export const liveOptions: readonly VerbOption[] = [
  { flags: '--kubeconfig <file>', description: 'kubeconfig of the live cluster; without it $KUBECONFIG, ~/.kube/config, or the service account of the pod that this runs in' },
  { flags: '--context <name>', description: 'context of the kubeconfig; without it the current one' },
  { flags: '--via <way>', description: 'lab:NAME takes the cluster of that lab; pod and ssh are taken as elsewhere and change nothing here, because no host is read' },
];

/** Errors: UsageError where options of a live cluster stand beside files. */
export function refuseLiveOptions(ctx: VerbContext, sources: readonly string[]): void {
  const live = ['via', 'kubeconfig', 'context'].find((name) => textOption(ctx, name) !== undefined);
  if (live !== undefined) throw new UsageError(`--${live} is for a live cluster, but files are named: ${sources.join(', ')}`, { hint: 'Leave one of both out.' });
}

/** Reads the cluster. Errors: EnvironmentError where it cannot be reached, or does not permit to read what answers rest on. */
export async function liveCluster(ctx: VerbContext): Promise<Loaded> {
  // Loaded only here: the client of Kubernetes is larger than all the rest.
  const [{ readCluster }, { AGENT_CONFIG }, { objectsOfCluster, POLICY_CATALOGUE }] = await Promise.all([import('./take-snapshot.ts'), import('../policy/input/kinds.ts'), import('../policy/input/from-snapshot.ts')]);
  return objectsOfCluster(await readCluster(ctx, { catalogue: POLICY_CATALOGUE, only: { ConfigMap: AGENT_CONFIG } }));
}
