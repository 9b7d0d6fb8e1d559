/** `fairlead policy`: what may talk to what, now and after a change. */
import { ExitCode, UsageError } from '../core/errors.ts';
import { countsText, diffText } from '../policy/ask/diff-text.ts';
import { lineFormat, LIST_FORMATS, type ListFormat } from '../policy/ask/list-format.ts';
import { list as listAll } from '../policy/ask/list.ts';
import { LEVELS, type Level } from '../policy/ask/end-names.ts';
import { matrix, matrixSvg } from '../policy/ask/matrix.ts';
import { compile, type Engine } from '../policy/compile/engine.ts';
import { Session } from '../policy/watch/session.ts';
import { flagOption, listArgument, textOption } from './options.ts';
import { ask, check } from './policy-ask.ts';
import { convert } from './policy-convert.ts';
import { diff } from './policy-diff.ts';
import { explain } from './policy-explain.ts';
import { generate } from './policy-generate.ts';
import { impact } from './policy-impact.ts';
import { lint } from './policy-lint.ts';
import { engineOf, sourcesArgument, stateOptions } from './policy-input.ts';
import { test } from './policy-test.ts';
import { follow, isWatching, watchOption, write, type Watching } from './policy-watch.ts';
import type { Verb, VerbContext } from './verb.ts';

const list: Verb = {
  name: 'list',
  summary: 'everything that may talk to everything else',
  description: 'Lists all connectivity that policies allow over TCP, UDP and SCTP: between pods, from and to addresses outside. What an end may send to itself is left out. Pods of which only the workload is known have its name.',
  arguments: [sourcesArgument],
  options: [
    { flags: '--level <level>', description: 'what a line is about: single pods, workloads, or classes of pods that no policy tells apart', choices: LEVELS, default: 'workload' },
    { flags: '-o, --output <format>', description: 'format; html and svg are a table of all ends but those outside', choices: [...LIST_FORMATS, 'html', 'svg'], default: 'text' },
    { flags: '--nodes', description: 'nodes are ends too' },
    watchOption,
    ...stateOptions,
  ],
  examples: [{ command: 'fairlead policy list --level class manifests/', description: 'a short picture of a large cluster' }],
  async run(ctx) {
    const level = (textOption(ctx, 'level') ?? 'workload') as Level;
    const output = textOption(ctx, 'output') ?? 'text';
    const sources = listArgument(ctx, 'source');
    if (isWatching(ctx, sources, { option: output, plain: 'text' })) {
      if (level === 'class' || flagOption(ctx, 'nodes')) throw new UsageError('--watch tells what changes between pods or workloads: --level class and --nodes do not go with it.');
      return await follow(ctx, [{ inputs: sources, enforcer: textOption(ctx, 'enforcer') ?? 'auto' }], async ([first]) => {
        const { state } = first!;
        await write(ctx, piecesOf(compile([state])[0]!, ctx, level, output));
        return watchedList(new Session(state, level));
      });
    }
    await write(ctx, piecesOf(await engineOf(ctx), ctx, level, output));
    return ExitCode.ok;
  },
};

function piecesOf(engine: Engine, ctx: VerbContext, level: Level, output: string): Iterable<string> {
  if (output === 'html') return matrix(engine, level);
  return output === 'svg' ? matrixSvg(engine, level) : listAll(engine, { level, nodes: flagOption(ctx, 'nodes'), format: lineFormat(output as ListFormat, engine, level) });
}

/** Connections that close and open, as `policy diff` writes them. */
function watchedList(session: Session): Watching {
  return {
    next([read]) {
      const { before, after, difference } = session.next(read!.state);
      const counts = { closed: 0, opened: 0, mayClose: 0, mayOpen: 0 };
      return { pieces: diffText(before, after, difference, { format: 'text', explain: false }, counts), summary: () => countsText(counts).trimEnd() };
    },
    good: () => true,
  };
}

export const policy: Verb = {
  name: 'policy',
  summary: 'what may talk to what, why, and what a change would break',
  description: 'Answers what network policies allow, from manifests, a snapshot or a live cluster: exactly, with the rules that decide, for the CNI that enforces them. Nothing is changed in a cluster.',
  verbs: [list, ask, check, explain, diff, lint, test, impact, generate, convert],
};
