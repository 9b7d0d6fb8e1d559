/** How a verb reaches a cluster and its hosts: `--via` and what belongs to it. */
import { join } from 'node:path';
import { Cluster } from '../cluster/client.ts';
import { EnvironmentError, UsageError } from '../core/errors.ts';
import { NODE_IMAGE } from '../node/pod/manifests.ts';
import type { NodeShell } from '../node/shell.ts';
import type { OutsideOptions } from '../probe/mesh/outside.ts';
import type { VerbContext, VerbOption } from './verb.ts';
import { textOption } from './options.ts';
import { openSsh, sshOptions } from './via-ssh.ts';

/** Options of every verb that reaches hosts. */
export const accessOptions: readonly VerbOption[] = [
  { flags: '--via <way>', description: 'how hosts are reached: pod (through the API server), ssh, or lab:NAME (needed)' },
  { flags: '--kubeconfig <file>', description: 'kubeconfig of the cluster, but for a lab; without it $KUBECONFIG, ~/.kube/config, or the service account of the pod that this runs in' },
  { flags: '--context <name>', description: 'context of the kubeconfig; without it the current one' },
  { flags: '--node-image <image>', description: 'with --via pod: image of the privileged pods, which needs nsenter and nothing else', default: NODE_IMAGE },
  ...sshOptions,
];

/** A step or an undo must outlive a restart of the only API server, which takes ten to thirty seconds. */
const API_PATIENCE_MS = 45_000;

export interface Access {
  cluster: Cluster;
  shell: (node: string) => NodeShell;
  outside?: OutsideOptions;
  /** Pause between two collections of samples, milliseconds, where a command on a node is costly. */
  collectMs?: number;
  /** Services that echo a nonce and are probed along, where they exist. */
  http: { name: string; url: string }[];
  /** Takes away what reaching the hosts put into the cluster, and ends connections. */
  close(): Promise<void>;
}

async function viaLab(name: string): Promise<Access> {
  const [{ agentBundle }, { labShell, outsideShell }, { INTERNET_ADDRESS }, { labPaths }, { readState }] = await Promise.all([
    import('../lab/agent-bundle.ts'), import('../lab/nodes/shell.ts'), import('../lab/nodes/underlay.ts'), import('../lab/paths.ts'), import('../lab/state.ts'),
  ]);
  const lab = readState(name).name;
  const cluster = await Cluster.connect({ kubeconfig: labPaths(lab).kubeconfig, patienceMs: API_PATIENCE_MS });
  const shop = await cluster.get({ apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web' });
  const address = (shop?.['spec'] as { clusterIP?: string } | undefined)?.clusterIP;
  return {
    cluster,
    shell: (node) => labShell(lab, node),
    outside: { shell: outsideShell(lab), address: INTERNET_ADDRESS, nodeBinary: process.execPath, agentScript: await agentBundle(), dir: join(labPaths(lab).dir, 'outside') },
    // By address: agents resolve no names but in their DNS probes, so that a loss here is a loss of the Service itself.
    http: address === undefined ? [] : [{ name: 'shop/web', url: `http://${address}:8080/` }],
    close: async () => cluster.close(),
  };
}

async function connect(ctx: VerbContext): Promise<Cluster> {
  const [kubeconfig, context] = [textOption(ctx, 'kubeconfig'), textOption(ctx, 'context')];
  return await Cluster.connect({ patienceMs: API_PATIENCE_MS, ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) });
}

async function viaPod(ctx: VerbContext): Promise<Access> {
  const { podShells } = await import('../node/pod/shell.ts');
  const image = textOption(ctx, 'nodeImage');
  const cluster = await connect(ctx);
  const pods = podShells(cluster, image === undefined ? {} : { image });
  return {
    cluster,
    shell: (node) => pods.shell(node),
    // An exec costs a container runtime about 50 ms of a core; there are two agents on a node.
    collectMs: 3_000,
    http: [],
    async close() {
      try {
        await pods.close();
      } catch (error) {
        // What the verb itself found out is worth more than this, which the next run repairs.
        if (!(error instanceof EnvironmentError)) throw error;
        ctx.stderr(`Warning: ${error.message}\n  ${error.hint ?? ''}\n`);
      } finally {
        cluster.close();
      }
    },
  };
}

async function viaSsh(ctx: VerbContext): Promise<Access> {
  const cluster = await connect(ctx);
  const shells = await openSsh(ctx, cluster).catch((error: unknown) => {
    cluster.close();
    throw error;
  });
  return {
    cluster,
    shell: (node) => shells.shell(node),
    http: [],
    async close() {
      cluster.close();
      await shells.close();
    },
  };
}

async function open(ctx: VerbContext): Promise<Access> {
  const via = textOption(ctx, 'via');
  if (via === undefined) throw new UsageError('--via is missing: how are the hosts reached?', { hint: 'through the API server: --via pod; by OpenSSH: --via ssh; for a lab: --via lab:NAME' });
  if (via === 'pod') return viaPod(ctx);
  if (via === 'ssh') return viaSsh(ctx);
  if (!via.startsWith('lab:')) throw new UsageError(`--via ${via}: hosts cannot be reached that way`, { hint: 'this version knows pod, ssh and lab:NAME' });
  if (textOption(ctx, 'kubeconfig') !== undefined || textOption(ctx, 'context') !== undefined) throw new UsageError(`--via ${via}: a lab has its own kubeconfig`, { hint: 'leave --kubeconfig and --context out' });
  return viaLab(via.slice('lab:'.length));
}

/** Opens the access that `--via` names, and closes it whatever becomes of `work`. Errors: UsageError for a way that is not known. */
export async function withAccess<T>(ctx: VerbContext, work: (access: Access) => Promise<T>): Promise<T> {
  const access = await open(ctx);
  try {
    return await work(access);
  } finally {
    await access.close();
  }
}
