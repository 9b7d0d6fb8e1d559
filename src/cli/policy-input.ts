/** What the verbs of `fairlead policy` have in common: sources, the enforcer, and how problems of the input are told. */
import { ExitCode, UsageError } from '../core/errors.ts';
import { compile, type Engine, type State } from '../policy/compile/engine.ts';
import { ENFORCERS } from '../policy/enforcers/enforcers.ts';
import { problemText, type Problem } from '../policy/input/object.ts';
import { loadInputs } from '../policy/input/load.ts';
import type { Loaded } from '../policy/input/objects.ts';
import { readState } from '../policy/state.ts';
import { flagOption, listArgument, textOption } from './options.ts';
import { liveCluster, liveOptions, refuseLiveOptions } from './policy-live.ts';
import type { VerbArgument, VerbContext, VerbOption } from './verb.ts';

export const sourcesArgument: VerbArgument = {
  name: 'SOURCE',
  description: 'files and directories of manifests (*.yaml, *.yml, *.json), - for standard input, or snapshots; none for the live cluster. Lists and streams of documents are taken apart',
  required: false, variadic: true,
};

const CHOICES = ['auto', ...ENFORCERS.map((one) => one.name)];

export const enforcerOption: VerbOption = {
  flags: '--enforcer <name>',
  description: `what enforces the policies. ${ENFORCERS.map((one) => `${one.name}: ${one.title}`).join('. ')}. auto: the CNI whose own policies the input has, else api`,
  choices: CHOICES, default: 'auto',
};

export const strictOption: VerbOption = { flags: '--strict', description: 'end with exit code 2 when anything of the input cannot be read or would be refused by the API server' };

/** Options of every verb that reads one state. */
export const stateOptions: readonly VerbOption[] = [enforcerOption, strictOption, ...liveOptions];

/** Tells what is wrong with the input. Errors: UsageError under --strict when any of it is an error. */
export function tellProblems(ctx: VerbContext, problems: readonly Problem[]): void {
  const files = [...new Set(problems.map((problem) => problem.file))];
  for (const problem of problems.toSorted((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || (a.line ?? 0) - (b.line ?? 0))) ctx.stderr(`${problemText(problem)}\n`);
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  if (errors > 0 && flagOption(ctx, 'strict')) {
    throw new UsageError(`${errors} ${errors === 1 ? 'part' : 'parts'} of the input cannot be used.`, { hint: 'put them right, or leave --strict out to go on without them' });
  }
}

/** What the sources hold; the live cluster where none is named. */
export async function loadedOf(ctx: VerbContext, sources: readonly string[]): Promise<Loaded> {
  if (sources.length === 0) return await liveCluster(ctx);
  refuseLiveOptions(ctx, sources);
  return await loadInputs(sources, process.stdin);
}

/** The state of what was loaded, with its problems told. */
export function stateOf(ctx: VerbContext, loaded: Loaded, enforcer: string): State {
  const { state, problems } = readState(loaded, enforcer);
  tellProblems(ctx, problems);
  if (state.world.pods.length === 0) ctx.stderr('The input has no pods and no workloads, so that there is nothing that policies could apply to.\n');
  return state;
}

/** The compiled state of the verb's own sources and enforcer. */
export async function engineOf(ctx: VerbContext): Promise<Engine> {
  const [engine] = compile([stateOf(ctx, await loadedOf(ctx, listArgument(ctx, 'source')), textOption(ctx, 'enforcer') ?? 'auto')]);
  if (engine === undefined) throw new Error('nothing was compiled');
  return engine;
}

/** A required option's text. Errors: UsageError naming it. */
export function requiredText(ctx: VerbContext, name: string): string {
  const value = textOption(ctx, name);
  if (value === undefined) throw new UsageError(`--${name} is missing.`);
  return value;
}

/** 0 for yes, 1 for everything else. */
export const codeOf = (good: boolean): ExitCode => (good ? ExitCode.ok : ExitCode.findings);
