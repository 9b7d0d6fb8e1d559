/** Step `backup`: the datastore, the objects of both CNIs and every node's network state, before anything changes. */
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { detectHost } from '../../distro/detect.ts';
import { collectNodeState } from '../../node/facts/node-state.ts';
import type { ObjectRef } from '../../cluster/objects.ts';
import type { Json, StepHandler } from '../types.ts';
import type { StepContext } from '../steps/context.ts';

interface BackupParams {
  /** Node whose datastore is saved, a server. */
  server: string;
  nodes: string[];
  /** Kinds whose objects are saved, by apiVersion and kind. */
  kinds: { apiVersion: string; kind: string }[];
}

const paramsOf = (params: Json): BackupParams => params as unknown as BackupParams;

async function save(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(`${path}.new`, 'w', 0o600);
  await file.writeFile(`${JSON.stringify(value, null, 2)}\n`);
  await file.sync();
  await file.close();
  await rename(`${path}.new`, path);
}

async function nodeState(ctx: StepContext, node: string): Promise<unknown> {
  const shell = ctx.shell(node);
  const { distribution, host } = await detectHost(shell);
  return collectNodeState(shell, await distribution.cniDirs(shell, host));
}

export const backup: StepHandler<StepContext> = {
  async check() {
    return false;
  },
  async capture() {
    return null;
  },
  async apply(ctx, step) {
    const { server, nodes, kinds } = paramsOf(step.params);
    const shell = ctx.shell(server);
    const { distribution, host } = await detectHost(shell);
    ctx.waiting(`a snapshot of the datastore on ${server}`);
    await save(join(ctx.backupDir, 'datastore.json'), await distribution.snapshotDatastore(shell, host, 'fairlead'));
    const objects: Record<string, ObjectRef[]> = {};
    for (const kind of kinds) objects[`${kind.kind}.${kind.apiVersion}`] = (await ctx.cluster.list(kind)) as unknown as ObjectRef[];
    await save(join(ctx.backupDir, 'objects.json'), objects);
    ctx.waiting('the network state of every node');
    await Promise.all(nodes.map(async (node) => save(join(ctx.backupDir, 'nodes', `${node}.json`), await nodeState(ctx, node))));
  },
  async verify(ctx, step) {
    return { ok: true, evidence: [`datastore snapshot, objects and the network state of ${paramsOf(step.params).nodes.length} nodes are in ${ctx.backupDir}`] };
  },
  async undo() {
    // A backup is kept.
  },
};
