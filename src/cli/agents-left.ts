/** Says how probe agents are removed that a run leaves in the cluster. */
import { meshIsUp } from '../probe/mesh/take-down.ts';
import { textOption } from './options.ts';
import type { VerbContext } from './verb.ts';
import type { Access } from './via.ts';

const command = (ctx: VerbContext): string => `\`fairlead probe down --via ${textOption(ctx, 'via') ?? ''}\``;

/** With the first interruption: what stays when a second one ends the run at once. Returns what takes that back. */
export function warnOfAgents(ctx: VerbContext): () => void {
  const warn = (): void => ctx.stderr(`Ended at once, probe agents stay in the cluster; ${command(ctx)} removes them.\n`);
  ctx.signal.addEventListener('abort', warn, { once: true });
  return () => ctx.signal.removeEventListener('abort', warn);
}

/** In the end: whether agents were left, whatever the reason. An API server that cannot be asked is no error of its own here. */
export async function sayIfAgentsAreLeft(ctx: VerbContext, access: Access): Promise<void> {
  const left = await meshIsUp({ kube: access.cluster }).catch(() => undefined);
  if (left === false) return;
  ctx.stderr(`${left === true ? 'Probe agents are still in the cluster' : 'Probe agents may still be in the cluster (its API server cannot be asked)'}; ${command(ctx)} removes them.\n`);
}
