/** What the canaries of each node are expected to find when a session begins. */
import type { CanaryExpectation } from '../../probe/types.ts';
import type { MigrationState } from '../journal/replay.ts';
import type { Plan } from '../types.ts';

/**
 * By node: what the plan says of nodes that have moved when its step `prove` stands as done (not when it was done once and
 * taken back since), `either` while an announcement says that the node's canaries may be either way, else what it says
 * of nodes that have not moved.
 */
export function expectedCanaries(plan: Pick<Plan, 'cluster' | 'steps' | 'canary'>, { steps, open }: Pick<MigrationState, 'steps' | 'open'>): Record<string, CanaryExpectation> {
  const between = new Set([...open.values()].flatMap(({ classes, node }) => (classes.includes('denied') && node !== undefined ? [node] : [])));
  const moved = (node: string): boolean => plan.steps.some((step) => step.kind === 'prove' && step.node === node && steps.get(step.id)?.status === 'done');
  return Object.fromEntries(plan.cluster.nodes.map(({ name }) => [name, between.has(name) ? 'either' : moved(name) ? plan.canary.after : plan.canary.before]));
}
