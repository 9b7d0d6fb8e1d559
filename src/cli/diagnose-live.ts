/** The living cluster for `fairlead diagnose`: its objects, with `--via` its hosts, too, and connections that are tried. */
import { CATALOGUE } from '../cni/catalogue.ts';
import { Cluster } from '../cluster/client.ts';
import { diagnose, type Diagnosis, type Inputs } from '../diagnose/diagnose.ts';
import { observationOf } from '../diagnose/fact.ts';
import type { NodeShell } from '../node/shell.ts';
import { textOption } from './options.ts';
import { createProgress } from './progress.ts';
import { collect } from './take-snapshot.ts';
import type { VerbContext } from './verb.ts';
import { withAccess } from './via.ts';

/** The cluster that the options name; `shell` reaches its hosts where `--via` says how. */
export interface Reached { cluster: Cluster; shell?: (node: string) => NodeShell }

/** Opens the cluster that the options name, and closes it whatever becomes of `work`. Errors: UsageError for options that name none. */
export async function withCluster<T>(ctx: VerbContext, work: (reached: Reached) => Promise<T>): Promise<T> {
  if (textOption(ctx, 'via') !== undefined) return await withAccess(ctx, work);
  const [kubeconfig, context] = [textOption(ctx, 'kubeconfig'), textOption(ctx, 'context')];
  const cluster = await Cluster.connect({ ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) });
  try {
    return await work({ cluster });
  } finally {
    cluster.close();
  }
}

/** Reads the objects, then the hosts of both ends, and tries from there; without a shell the objects alone. */
export async function diagnoseLive(ctx: VerbContext, { cluster, shell }: Reached, inputs: Inputs): Promise<Diagnosis> {
  const objects = await collect(ctx, cluster, { catalogue: CATALOGUE });
  if (shell === undefined) return await diagnose({ ...inputs, snapshot: objects });
  const [{ nodesToRead, withHosts }, { liveProber }] = await Promise.all([import('../diagnose/live/hosts.ts'), import('../diagnose/live/prober.ts')]);
  const progress = createProgress(ctx);
  try {
    progress.start('reading hosts and trying the connection');
    const snapshot = await withHosts(objects, nodesToRead(objects, inputs), shell, (what) => progress.waiting(what));
    const prober = liveProber(shell);
    const diagnosis = await diagnose({ ...inputs, snapshot }, { can: (at, scene) => prober.can(at, scene), observe: async (at, scene) => {
      progress.waiting(observationOf(at).question);
      return await prober.observe(at, scene);
    } });
    progress.done('looked at the cluster');
    return diagnosis;
  } finally {
    progress.stop();
  }
}
