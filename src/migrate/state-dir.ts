/** Where a migration's plan and journal live on the operator's machine, and when a new one may begin. */
import { access, mkdir, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { openJournal, syncDirectory } from './journal.ts';
import type { Journal } from './journal.ts';
import { replay } from './journal/replay.ts';
import { readPlan, writePlan } from './plan/file.ts';
import type { Plan } from './types.ts';

/** `${XDG_STATE_HOME:-~/.local/state}/fairlead/migrations/<cluster id>` (XDG Base Directory Specification: a relative value is ignored). */
export function migrationDir(clusterId: string, env: NodeJS.ProcessEnv = process.env): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(clusterId)) throw new Error(`${JSON.stringify(clusterId)} is not the UID of a namespace`);
  const given = env['XDG_STATE_HOME'];
  const state = given !== undefined && isAbsolute(given) ? given : join(env['HOME'] ?? homedir(), '.local', 'state');
  return join(state, 'fairlead', 'migrations', clusterId);
}

/**
 * Stores the plan and opens an empty journal for it. A finished migration is kept beside as plan-<time>.json and
 * journal-<time>.ndjson. Errors: UsageError when one is unfinished; EnvironmentError when another process works on it.
 */
export async function beginMigration(dir: string, plan: Plan): Promise<Journal> {
  const journal = await openJournal(dir);
  const state = replay(journal.entries);
  if (state.plan !== null && state.finished === null && !nothingStands(state)) {
    await journal.close();
    throw new UsageError(`a migration of this cluster is under way (plan ${state.plan.slice(0, 12)}, ${dir})`, {
      hint: '`fairlead migrate status` shows it; `fairlead migrate resume` goes on, `fairlead migrate rollback --all` goes back.',
    });
  }
  if (state.plan === null) {
    await writePlan(join(dir, 'plan.json'), plan);
    return journal;
  }
  await journal.close();
  await archive(dir, new Date(state.lastAt ?? 0));
  const fresh = await openJournal(dir);
  if (fresh.entries.length > 0) {
    await fresh.close();
    throw new UsageError(`another fairlead began a migration of this cluster just now (${dir})`);
  }
  await writePlan(join(dir, 'plan.json'), plan);
  return fresh;
}

/** The plan and journal of the migration that is under way (or finished), opened for writing. Errors: UsageError when there is none. */
export async function continueMigration(dir: string): Promise<{ plan: Plan; journal: Journal }> {
  await requireJournal(dir);
  const journal = await openJournal(dir);
  try {
    return { plan: await readPlan(join(dir, 'plan.json')), journal };
  } catch (error) {
    await journal.close();
    throw error;
  }
}

/** Errors: UsageError when no migration was ever begun in `dir`. */
async function requireJournal(dir: string): Promise<void> {
  try {
    await access(join(dir, 'journal.ndjson'));
  } catch (cause) {
    throw new UsageError(`there is no migration of this cluster (looked in ${dir})`, { hint: 'Make a plan with `fairlead plan --to …`, then `fairlead migrate`.', cause });
  }
}

/** Whatever was begun is undone: a new plan may take over. */
function nothingStands(state: ReturnType<typeof replay>): boolean {
  return state.rollback === null && [...state.steps.values()].every((step) => step.status === 'undone');
}

async function archive(dir: string, at: Date): Promise<void> {
  const stamp = at.toISOString().replaceAll(/[:.]/g, '-');
  await mkdir(dir, { recursive: true });
  await rename(join(dir, 'plan.json'), join(dir, `plan-${stamp}.json`)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(join(dir, 'journal.ndjson'), join(dir, `journal-${stamp}.ndjson`));
  await syncDirectory(dir);
}
