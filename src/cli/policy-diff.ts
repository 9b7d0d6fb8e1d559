/** `fairlead policy diff`: what a change of policies, or of the CNI that enforces them, closes and opens. */
import { UsageError, type ExitCode } from '../core/errors.ts';
import { compile } from '../policy/compile/engine.ts';
import { countsText, DIFF_FORMATS, diffText, type DiffFormat } from '../policy/ask/diff-text.ts';
import { diff as compare } from '../policy/ask/diff.ts';
import { loadInputs } from '../policy/input/load.ts';
import type { Loaded } from '../policy/input/objects.ts';
import { readState } from '../policy/state.ts';
import { denialText, establishedText } from '../policy/enforcers/words.ts';
import { flagOption, textOption } from './options.ts';
import { codeOf, enforcerOption, loadedOf, stateOf, strictOption } from './policy-input.ts';
import { liveCluster, liveOptions } from './policy-live.ts';
import type { Verb, VerbContext } from './verb.ts';

/** Stands for the live cluster; a file of that name is ./live. */
const LIVE = 'live';

/** The two states; one where no second is named. Options of the live cluster are taken only where it is one of them. */
async function load(ctx: VerbContext, a: string, b: string | undefined): Promise<{ a: Loaded; b: Loaded | undefined }> {
  if (a === '-' && b === '-') throw new UsageError('Standard input (-) can be read only once.');
  const one = async (source: string): Promise<Loaded> => (source === LIVE ? await liveCluster(ctx) : a === LIVE || b === LIVE ? await loadInputs([source], process.stdin) : await loadedOf(ctx, [source]));
  return { a: await one(a), b: b === undefined ? undefined : await one(b) };
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
    const loaded = await load(ctx, a ?? LIVE, b);
    const first = stateOf(ctx, loaded.a, before);
    const second = loaded.b === undefined ? readState(loaded.a, after).state : stateOf(ctx, loaded.b, after);
    const [x, y] = compile([first, second]);
    const counts = { closed: 0, opened: 0, mayClose: 0, mayOpen: 0 };
    const difference = compare(x!, y!, textOption(ctx, 'level') === 'pod' ? 'pod' : 'workload');
    const format = (textOption(ctx, 'output') ?? 'text') as DiffFormat;
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
