/** The migration engine: carries out a plan step by step, undoes a group when a step or gate fails, goes on after a crash. Knows no CNI. */
import { UsageError } from '../core/errors.ts';
import { groupName, interrupted, needsHuman, rolledBack } from './engine/outcome.ts';
import type { Outcome } from './engine/outcome.ts';
import { repairDone } from './engine/repair.ts';
import { rollBackGroup } from './engine/rollback.ts';
import { JournalLost, Session } from './engine/session.ts';
import type { EngineOptions } from './engine/session.ts';
import { runStep } from './engine/step.ts';
import type { Command } from './journal/entries.ts';
import { replay } from './journal/replay.ts';
import type { StepGroup, StepSpec } from './types.ts';

/**
 * Carries out a plan from the beginning; the journal must be empty. Failures of handlers, gate, journal and mirror
 * are outcomes. Errors, all before anything acted: UsageError (a journal in use, a step kind without handler),
 * and what `mirror.acquire` throws.
 */
export async function runMigration<C>(options: EngineOptions<C>): Promise<Outcome> {
  if (options.journal.entries.length > 0) {
    throw new UsageError(`${options.journal.path} already holds a migration`, { hint: 'Use `fairlead migrate resume` or `fairlead migrate rollback`.' });
  }
  return inSession(options, 'migrate', undefined, forward);
}

/**
 * Goes on where the journal ends. A rollback that was decided and is not finished is finished first and ends the run;
 * a step in doubt is checked and, if need be, applied again with the data captured before its first try.
 * Errors as `runMigration`; UsageError when the journal is of another plan.
 */
export async function resumeMigration<C>(options: EngineOptions<C>): Promise<Outcome> {
  const { finished } = requireSamePlan(options);
  if (finished === 'rolled-back') {
    throw new UsageError('everything this migration did was rolled back: there is nothing to go on with', { hint: `Start anew: \`${planAgain(options)}\`, then \`fairlead migrate\`.` });
  }
  if (finished === 'migrated') return { kind: 'migrated', exitCode: 0, text: migratedText(options) };
  return inSession(options, 'resume', undefined, async (session) => {
    const { rollback, lastFailure } = session.state;
    if (rollback !== null) return backAfterFailure(session, rollback.group, rollback.reason, lastFailure?.error === rollback.reason ? lastFailure : null);
    await reannounce(session);
    await repairDone(session);
    return forward(session);
  });
}

/**
 * Undoes one node (and what was settled after it, and a group that is in flight) or everything, group by group in
 * reverse order, each with its own gate.
 * Errors as `resumeMigration`; UsageError for a node that the plan does not move and past the point of no return.
 */
export async function rollbackMigration<C>(options: EngineOptions<C> & { target: string }): Promise<Outcome> {
  const { target, plan } = options;
  if (requireSamePlan(options).committed) {
    throw new UsageError(`the migration is past its point of no return (step ${plan.pointOfNoReturn ?? 'of the commit'}): there is no way back by undo`, {
      hint: `Finish it with \`${options.commands?.resume ?? 'fairlead migrate resume'}\`, then plan a migration back to ${plan.from}.`,
    });
  }
  if (target !== 'all' && !plan.steps.some((step) => step.group === `node:${target}`)) {
    throw new UsageError(`the plan does not move a node called ${target}`, { hint: `It moves: ${nodesOf(plan.steps).join(', ') || 'no node'}.` });
  }
  return inSession(options, 'rollback', target, (session) => backOnRequest(session, target));
}

async function inSession<C>(options: EngineOptions<C>, command: Command, target: string | undefined, run: (session: Session<C>) => Promise<Outcome>): Promise<Outcome> {
  for (const step of options.plan.steps) {
    if (!Object.hasOwn(options.handlers, step.kind)) {
      throw new UsageError(`step ${step.id} of the plan is of kind ${step.kind}, which this version of fairlead does not know`, { hint: 'Make the plan anew with this version.' });
    }
  }
  await options.mirror?.acquire();
  const session = new Session(options);
  try {
    await session.log({
      type: 'header', plan: options.plan.digest, tool: options.tool ?? 'fairlead', pid: process.pid, started: new Date().toISOString(),
      command, ...(target === undefined ? {} : { target }),
    });
    return await run(session);
  } catch (error) {
    if (!(error instanceof JournalLost)) throw error;
    return needsHuman({ step: null, reason: error.message, evidence: ['Nothing was done after the entry that could not be written.'], next: session.commands.resume });
  } finally {
    await session.end();
    await options.mirror?.release().catch(() => undefined);
  }
}

async function forward<C>(session: Session<C>): Promise<Outcome> {
  const { steps } = session.options.plan;
  for (const step of steps) {
    if (session.state.steps.get(step.id)?.status === 'done') continue;
    const stop = session.stopReason();
    if (stop !== undefined) return stopHere(session, stop, session.commands.resume);
    const result = step.group === 'commit' ? await commitStep(session, step) : await runStep(session, step);
    if (result.kind === 'stopped') return stopHere(session, result.reason, session.commands.resume);
    if (result.kind === 'failed') {
      await session.log({ type: 'step-failed', step: step.id, group: step.group, phase: result.phase, error: result.error, evidence: result.evidence });
      if (step.group === 'commit') {
        const where = session.state.committed ? 'past the point of no return' : 'just before the point of no return (nothing of the commit has acted)';
        return needsHuman({ step: step.id, reason: `step ${step.id} (${step.title}) failed ${where}: ${result.error}`, evidence: result.evidence, next: session.commands.resume });
      }
      return backAfterFailure(session, step.group, result.error, { step: step.id, evidence: result.evidence });
    }
  }
  await session.log({ type: 'finished', outcome: 'migrated' });
  return { kind: 'migrated', exitCode: 0, text: migratedText(session.options) };
}

/** Past the point of no return there is only forward: tries again before a person is asked. */
async function commitStep<C>(session: Session<C>, step: StepSpec): Promise<Awaited<ReturnType<typeof runStep>>> {
  for (let attempt = 1; ; attempt++) {
    const result = await runStep(session, step);
    if (result.kind !== 'failed') return result;
    if (attempt >= session.limits.commitAttempts) return result;
    session.emit({ type: 'retry', step: step.id, phase: result.phase, attempt, error: result.error });
    await session.closeWindows(step.group);
    await session.pause();
    const stop = session.stopReason();
    if (stop !== undefined) return { kind: 'stopped', reason: stop };
  }
}

async function backAfterFailure<C>(session: Session<C>, group: StepGroup, reason: string, failure: { step: string; evidence: readonly string[] } | null): Promise<Outcome> {
  const problem = await rollBackGroup(session, group, reason);
  if (problem !== undefined) return problem;
  return rolledBack({
    asked: false,
    groups: [group],
    step: failure?.step ?? null,
    reason: failure === null ? reason : `step ${failure.step} of ${groupName(group)}: ${reason}`,
    evidence: failure?.evidence ?? [],
    next: session.commands.resume,
  });
}

async function backOnRequest<C>(session: Session<C>, target: string): Promise<Outcome> {
  const groups = touchedGroups(session)
    .toReversed()
    .filter((group) => target === 'all' || group === 'settle' || group === `node:${target}` || inFlight(session, group));
  const undone: StepGroup[] = [];
  for (const group of groups) {
    const stop = session.stopReason();
    if (stop !== undefined) return stopHere(session, stop, session.commands.rollback(target));
    const problem = await rollBackGroup(session, group, `asked for: ${target === 'all' ? 'everything' : `node ${target}`}`);
    if (problem !== undefined) return problem;
    undone.push(group);
  }
  const nothingLeft = touchedGroups(session).length === 0;
  if (nothingLeft) await session.log({ type: 'finished', outcome: 'rolled-back' });
  const next = nothingLeft ? planAgain(session.options) : session.commands.resume;
  return rolledBack({ asked: true, groups: undone, step: null, reason: 'it was asked for', evidence: [], next });
}

/** Groups, in plan order, that hold a step which is not undone or whose rollback is not finished. */
function touchedGroups<C>(session: Session<C>): StepGroup[] {
  const groups = new Set<StepGroup>();
  for (const step of session.options.plan.steps) {
    const status = session.state.steps.get(step.id)?.status;
    if ((status !== undefined && status !== 'undone') || session.state.rollback?.group === step.group) groups.add(step.group);
  }
  return [...groups];
}

/** Begun and neither complete nor undone: while one such group is left, no other may be touched (one node in flight at most). */
function inFlight<C>(session: Session<C>, group: StepGroup): boolean {
  const steps = session.options.plan.steps.filter((step) => step.group === group);
  return session.state.rollback?.group === group || !steps.every((step) => session.state.steps.get(step.id)?.status === 'done');
}

/**
 * Windows that a crash or stop left open are closed. Those of finished steps in a group with steps still to come are
 * opened anew: their impact lasts until the next gate. (A step in doubt announces again by itself.)
 */
async function reannounce<C>(session: Session<C>): Promise<void> {
  const { steps } = session.options.plan;
  const isDone = (id: string): boolean => session.state.steps.get(id)?.status === 'done';
  const left = [...session.state.open.values()];
  for (const group of new Set(steps.map((step) => step.group))) await session.closeWindows(group);
  for (const { id, step: stepId, openedAt, closedAt, ...impact } of left) {
    const step = steps.find((one) => one.id === stepId);
    if (step === undefined || !isDone(stepId)) continue;
    if (steps.some((other) => other.group === step.group && !isDone(other.id))) await session.announce(step, [impact]);
  }
}

async function stopHere<C>(session: Session<C>, reason: string, next: string): Promise<Outcome> {
  await session.log({ type: 'interrupted', reason, next });
  return interrupted(reason, next);
}

function requireSamePlan<C>(options: EngineOptions<C>): ReturnType<typeof replay> {
  const state = replay(options.journal.entries);
  if (state.plan === null) throw new UsageError(`${options.journal.path} holds no migration`, { hint: 'Start one with `fairlead migrate`.' });
  if (state.plan !== options.plan.digest) {
    throw new UsageError(`the journal ${options.journal.path} is of plan ${state.plan.slice(0, 12)}, not of plan ${options.plan.digest.slice(0, 12)}`, {
      hint: 'Use the plan.json that lies beside the journal.',
    });
  }
  return state;
}

function nodesOf(steps: readonly StepSpec[]): string[] {
  return [...new Set(steps.map((step) => step.group).filter((group) => group.startsWith('node:')))].map((group) => group.slice('node:'.length));
}

function planAgain<C>({ plan }: EngineOptions<C>): string {
  return `fairlead plan --to ${plan.to}`;
}

function migratedText<C>({ plan }: EngineOptions<C>): string {
  return `Migrated ${plan.cluster.nodes.length} nodes of ${plan.cluster.name} from ${plan.from} to ${plan.to}.`;
}
