/** `fairlead policy diff`: what a change of policies, or of the CNI that enforces them, closes and opens. */
import { UsageError, type ExitCode } from '../core/errors.ts';
import { compile } from '../policy/compile/engine.ts';
import { countsText, DIFF_FORMATS, diffText, type DiffFormat } from '../policy/ask/diff-text.ts';
import { diff as compare, type DiffLevel } from '../policy/ask/diff.ts';
import { loadInputs } from '../policy/input/load.ts';
import type { Loaded } from '../policy/input/objects.ts';
import { readState } from '../policy/state.ts';
import type { Read } from '../policy/watch/follow.ts';
import { denialText, establishedText } from '../policy/enforcers/words.ts';
import { flagOption, textOption } from './options.ts';
import { codeOf, enforcerOption, loadedOf, stateOf, strictOption } from './policy-input.ts';
import { liveCluster, liveOptions } from './policy-live.ts';
import { follow, isWatching, watchOption, write, type Watching } from './policy-watch.ts';
import type { Verb, VerbContext } from './verb.ts';

/** Stands for the live cluster; a file of that name is ./live. */
const LIVE = 'live';

/** The two states; one where no second is named. Options of the live cluster are taken only where it is one of them. */
async function load(ctx: VerbContext, a: string, b: string | undefined): Promise<{ a: Loaded; b: Loaded | undefined }> {
  if (a === '-' && b === '-') throw new UsageError('Standard input (-) can be read only once.');
  const one = async (source: string): Promise<Loaded> => (source === LIVE ? await liveCluster(ctx) : a === LIVE || b === LIVE ? await loadInputs([source], process.stdin) : await loadedOf(ctx, [source]));
  return { a: await one(a), b: b === undefined ? undefined : await one(b) };
}

/** The lines of a difference that are new, and those that are gone. */
async function watchedDifference(ctx: VerbContext, first: readonly Read[], level: DiffLevel): Promise<Watching> {
  const linesOf = (reads: readonly Read[]): Set<string> => {
    const [x, y] = compile(reads.map(({ state }) => state));
    const explain = flagOption(ctx, 'explain');
    const pieces = diffText(x!, y!, compare(x!, y!, level), { format: 'text', explain }, { closed: 0, opened: 0, mayClose: 0, mayOpen: 0 });
    return new Set([...pieces].flatMap((piece) => (explain ? piece : piece.split(/(?<=\n)/))));
  };
  let lines = linesOf(first);
  await write(ctx, lines);
  return {
    next(reads) {
      const before = lines;
      lines = linesOf(reads);
      const [fresh, gone] = [[...lines].filter((one) => !before.has(one)), [...before].filter((one) => !lines.has(one))];
      return { pieces: [...fresh.map((one) => `new: ${one}`), ...gone.map((one) => `gone: ${one}`)], summary: () => `${fresh.length} differences are new, ${gone.length} gone, ${lines.size} in all` };
    },
    good: () => lines.size === 0,
  };
}

export const diff: Verb = {
  name: 'diff',
  summary: 'what a change of policies or of the CNI closes and opens',
  description: 'Compares two states, or one state under two enforcers: --enforcer-a none --enforcer-b calico shows what is open today because nothing enforces the policies, and would be denied. Ends that only one state has are named and not compared. Exits 0 when nothing changes, 1 when something does.',
  arguments: [
    { name: 'A', description: `the state before: a file or directory of manifests, a snapshot, -, or ${LIVE} for the live cluster, which it is without it`, required: false },
    { name: 'B', description: 'the state after, named likewise; without it, A under the other enforcer', required: false },
  ],
  options: [
    { ...enforcerOption, flags: '--enforcer-a <name>', description: 'what enforces the policies before' },
    { ...enforcerOption, flags: '--enforcer-b <name>', description: 'what enforces them after' },
    { flags: '--level <level>', description: 'what a line is about', choices: ['pod', 'workload'], default: 'workload' },
    { flags: '-o, --output <format>', description: 'format', choices: DIFF_FORMATS, default: 'text' },
    { flags: '--explain', description: 'say for each change which rules are behind it' },
    watchOption,
    strictOption,
    ...liveOptions,
  ],
  examples: [
    { command: 'fairlead policy diff --enforcer-a none --enforcer-b calico manifests/', description: 'what breaks when policies that were inert are enforced' },
    { command: 'fairlead policy diff before/ after/', description: 'what a pull request changes' },
    { command: 'fairlead policy diff live after/ --enforcer-a calico --enforcer-b calico', description: 'what applying manifests would change in the cluster' },
  ],
  async run(ctx): Promise<ExitCode> {
    const [a, b] = [ctx.args['a'], ctx.args['b']].map((one) => (typeof one === 'string' ? one : undefined));
    const [before, after] = [textOption(ctx, 'enforcerA') ?? 'auto', textOption(ctx, 'enforcerB') ?? 'auto'];
    if (b === undefined && before === after) throw new UsageError('There is nothing to compare: name a second state, or choose different enforcers with --enforcer-a and --enforcer-b.');
    const [level, format] = [textOption(ctx, 'level') === 'pod' ? 'pod' as const : 'workload' as const, (textOption(ctx, 'output') ?? 'text') as DiffFormat];
    const sources = [a ?? LIVE, b ?? a ?? LIVE];
    if (isWatching(ctx, sources.includes(LIVE) ? [] : sources, { option: format, plain: 'text' })) {
      return await follow(ctx, sources.map((one, index) => ({ inputs: [one], enforcer: [before, after][index]! })), async (first) => await watchedDifference(ctx, first, level));
    }
    const loaded = await load(ctx, a ?? LIVE, b);
    const first = stateOf(ctx, loaded.a, before);
    const second = loaded.b === undefined ? readState(loaded.a, after).state : stateOf(ctx, loaded.b, after);
    const [x, y] = compile([first, second]);
    const counts = { closed: 0, opened: 0, mayClose: 0, mayOpen: 0 };
    const difference = compare(x!, y!, level);
    let piece = '';
    for (const text of diffText(x!, y!, difference, { format, explain: flagOption(ctx, 'explain') }, counts)) {
      piece += text;
      if (piece.length < 1 << 16) continue;
      ctx.stdout(piece);
      piece = '';
      await ctx.drained?.();
      ctx.signal.throwIfAborted();
    }
    ctx.stdout(piece);
    ctx.stderr(countsText(counts));
    if (counts.closed + counts.mayClose > 0) ctx.stderr(`${denialText(second.enforcer)}\n${establishedText(second.enforcer)}\n`);
    return codeOf(Object.values(counts).every((count) => count === 0) && difference.onlyA.length + difference.onlyB.length === 0);
  },
};
