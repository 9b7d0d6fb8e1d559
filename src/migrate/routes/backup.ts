/** Step `backup`: the datastore, the objects of both CNIs and every node's network state, before anything changes. */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { detectHost } from '../../distro/detect.ts';
import type { DatastoreSnapshot } from '../../distro/distribution.ts';
import { judgeSnapshot } from '../../distro/snapshot-check.ts';
import { collectNodeState, type NodeState } from '../../node/facts/node-state.ts';
import type { KubeObject } from '../../cluster/objects.ts';
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
const keyOf = (kind: BackupParams['kinds'][number]): string => `${kind.kind}.${kind.apiVersion}`;

async function save(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(`${path}.new`, 'w', 0o600);
  await file.writeFile(`${JSON.stringify(value, null, 2)}\n`);
  await file.sync();
  await file.close();
  await rename(`${path}.new`, path);
}

/** A saved file, parsed. Errors: Error naming the file that cannot be read or holds something else. */
async function load<T>(path: string, isWhole: (value: T) => boolean): Promise<T> {
  let value: T;
  try {
    value = JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (cause) {
    throw new Error(`${path} cannot be read back: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (!isWhole(value)) throw new Error(`${path} does not hold what was saved`);
  return value;
}

async function nodeState(ctx: StepContext, node: string): Promise<unknown> {
  const shell = ctx.shell(node);
  const { distribution, host } = await detectHost(shell);
  return collectNodeState(shell, await distribution.cniDirs(shell, host));
}

export const backup: StepHandler<StepContext> = {
  async check() {
    // Taken anew whenever it is asked for: it takes seconds, and one that was taken earlier lacks what has changed since.
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
    const objects: Record<string, KubeObject[]> = {};
    for (const kind of kinds) objects[keyOf(kind)] = await ctx.cluster.list(kind);
    await save(join(ctx.backupDir, 'objects.json'), objects);
    ctx.waiting('the network state of every node');
    await Promise.all(nodes.map(async (node) => save(join(ctx.backupDir, 'nodes', `${node}.json`), await nodeState(ctx, node))));
  },
  async verify(ctx, step) {
    const { nodes, kinds } = paramsOf(step.params);
    try {
      const snapshot = await load<DatastoreSnapshot>(join(ctx.backupDir, 'datastore.json'), ({ kind, node, path }) => [kind, node, path].every((field) => typeof field === 'string'));
      const objects = await load<Record<string, KubeObject[]>>(join(ctx.backupDir, 'objects.json'), (saved) => kinds.every((kind) => Array.isArray(saved[keyOf(kind)])));
      for (const node of nodes) await load<NodeState>(join(ctx.backupDir, 'nodes', `${node}.json`), (state) => state.version === 1 && state.node === node && state.links.length > 0);
      const { ok, evidence } = await judgeSnapshot(ctx.shell(snapshot.node), snapshot);
      return { ok, evidence: [...evidence, `${Object.values(objects).flat().length} objects and the network state of ${nodes.length} nodes were read back from ${ctx.backupDir}`] };
    } catch (error) {
      return { ok: false, evidence: [error instanceof Error ? error.message : String(error)] };
    }
  },
  async undo() {
    // A backup is kept.
  },
};
