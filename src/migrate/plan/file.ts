/** Plans as files: written once, read back with every member and the digest checked. */
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { syncDirectory } from '../journal.ts';
import { firstProblem, planSchema } from '../schema.ts';
import type { Plan } from '../types.ts';
import { structureProblems } from './check.ts';
import { planDigest } from './digest.ts';

/** Reads a plan. Errors: UsageError naming the file and the place in it. */
export async function readPlan(path: string): Promise<Plan> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`${path}: cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { hint: 'Make a plan with `fairlead plan --to … --output json`.', cause });
  }
  return parsePlan(text, path);
}

/** A plan from its text; `name` is what messages call it. Errors as `readPlan`. */
export function parsePlan(text: string, name: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${name}: not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (typeof value === 'object' && value !== null && 'version' in value && value.version !== 1) {
    throw new UsageError(`${name}: version: is ${JSON.stringify(value.version)}; this fairlead reads plans of version 1`, { hint: 'Make the plan anew with this version.' });
  }
  const parsed = planSchema.safeParse(value);
  if (!parsed.success) throw new UsageError(`${name}: ${firstProblem(parsed.error)}`);
  const plan = parsed.data;
  const problem = structureProblems(plan.steps)[0];
  if (problem !== undefined) throw new UsageError(`${name}: ${problem.path}: ${problem.message}`);
  const committing = plan.steps.find((step) => step.group === 'commit')?.id ?? null;
  if (plan.pointOfNoReturn !== committing) {
    throw new UsageError(`${name}: pointOfNoReturn: must be ${committing ?? 'null'}, the first step of group commit, and is ${plan.pointOfNoReturn ?? 'null'}`);
  }
  const digest = planDigest(plan);
  if (plan.digest !== digest) {
    throw new UsageError(`${name}: digest: does not fit the plan: it says ${plan.digest.slice(0, 12)}…, the content gives ${digest.slice(0, 12)}…: the plan was changed after it was made`, {
      hint: 'Make the plan anew; options of `fairlead plan` are the way to change it.',
    });
  }
  return plan;
}

/** The text of a plan file. */
export function planText(plan: Plan): string {
  return `${JSON.stringify(plan, null, 2)}\n`;
}

/** Writes a plan atomically and durably; the directory must exist. */
export async function writePlan(path: string, plan: Plan): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(planText(plan));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, path);
  await syncDirectory(dirname(path));
}
