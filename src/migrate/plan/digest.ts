/** A plan's digest: what ties a journal to the plan it carries out, and a reviewed plan to the one that runs. */
import { canonicalJson, sha256Hex } from '../canonical.ts';
import type { Plan } from '../types.ts';
import { structureProblems } from './check.ts';

/** Members that change without the plan changing; left out wherever they occur. */
const VOLATILE = new Set(['resourceVersion', 'resourceVersions', 'creationTimestamp', 'observedAt', 'bootId']);

/** sha256 (hex) over the canonical JSON of a plan without `digest`, `createdAt`, boot ids, resource versions and times of observation. */
export function planDigest(plan: Omit<Plan, 'digest'>): string {
  const { digest, createdAt, ...rest } = plan as Plan;
  return sha256Hex(canonicalJson(withoutVolatile(rest)));
}

/** Completes a plan that a route has drawn up. Throws Error (a bug of the route) when its structure is wrong. */
export function sealPlan(draft: Omit<Plan, 'version' | 'digest' | 'pointOfNoReturn' | 'createdAt'>, createdAt: Date): Plan {
  const problem = structureProblems(draft.steps)[0];
  if (problem !== undefined) throw new Error(`the route made an impossible plan: ${problem.path}: ${problem.message}`);
  const pointOfNoReturn = draft.steps.find((step) => step.group === 'commit')?.id ?? null;
  const plan = { version: 1 as const, createdAt: createdAt.toISOString(), ...draft, pointOfNoReturn };
  return { ...plan, digest: planDigest(plan) };
}

function withoutVolatile(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutVolatile);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, member]) => (VOLATILE.has(key) ? [] : [[key, withoutVolatile(member)]])));
}
