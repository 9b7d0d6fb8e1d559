/** How a verb reaches a cluster and its hosts: `--via`. */
import { join } from 'node:path';
import { Cluster } from '../cluster/client.ts';
import { UsageError } from '../core/errors.ts';
import type { NodeShell } from '../node/shell.ts';
import type { OutsideOptions } from '../probe/mesh/outside.ts';
import type { VerbContext, VerbOption } from './verb.ts';
import { textOption } from './options.ts';

export const viaOption: VerbOption = { flags: '--via <way>', description: 'how hosts are reached: lab:NAME (needed)' };

/** A step or an undo must outlive a restart of the only API server, which takes ten to thirty seconds. */
const API_PATIENCE_MS = 45_000;

export interface Access {
  cluster: Cluster;
  shell: (node: string) => NodeShell;
  outside?: OutsideOptions;
  /** Services that echo a nonce and are probed along, where they exist. */
  http: { name: string; url: string }[];
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
  };
}

/** Opens the access that `--via` names. Errors: UsageError for a way that is not known. */
export async function openAccess(ctx: VerbContext): Promise<Access> {
  const via = textOption(ctx, 'via');
  if (via === undefined) throw new UsageError('--via is missing: how are the hosts reached?', { hint: 'for a lab: --via lab:NAME' });
  if (via.startsWith('lab:')) return viaLab(via.slice('lab:'.length));
  throw new UsageError(`--via ${via}: hosts cannot be reached that way`, { hint: 'this version knows lab:NAME' });
}
