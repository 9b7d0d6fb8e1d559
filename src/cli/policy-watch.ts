/** `--watch` of the verbs of `fairlead policy`: they stay, and tell what a change of a file changes. */
import { UsageError, type ExitCode } from '../core/errors.ts';
import { Follower, type Followed, type Read } from '../policy/watch/follow.ts';
import { codeOf, tellProblems } from './policy-input.ts';
import { formatDuration } from './progress.ts';
import { flagOption } from './options.ts';
import type { VerbContext, VerbOption } from './verb.ts';

export const watchOption: VerbOption = { flags: '--watch', description: 'stay, and tell what changes whenever files of the sources do, until Ctrl-C. A state that cannot be read, or with a policy that the API server would refuse, is told and not taken: the last good one stays' };

/** What a verb makes of one state after the other. */
export interface Watching {
  /** What to write about a new state, and then how to sum it up on one line. */
  next(reads: readonly Read[]): { pieces: Iterable<string>; summary(): string };
  /** Whether the state of now is as it should be, for the exit code. */
  good(): boolean;
}

/** Writes pieces as fast as they are taken. */
export async function write(ctx: VerbContext, pieces: Iterable<string>): Promise<void> {
  let buffer = '';
  const flush = async (): Promise<void> => {
    ctx.stdout(buffer);
    buffer = '';
    await ctx.drained?.();
    ctx.signal.throwIfAborted();
  };
  for (const piece of pieces) {
    buffer += piece;
    if (buffer.length >= 1 << 16) await flush();
  }
  if (buffer !== '') await flush();
}

/** Whether to watch. Errors: UsageError where the sources cannot be watched, or the format has no place for more than one state. */
export function isWatching(ctx: VerbContext, sources: readonly string[], formats?: { option: string; plain: string }): boolean {
  if (!flagOption(ctx, 'watch')) return false;
  if (sources.length === 0) throw new UsageError('--watch is for files and directories: the live cluster is read once, and not watched.', { hint: 'Name manifests; a snapshot of the cluster may stand beside them.' });
  if (sources.includes('-')) throw new UsageError('--watch cannot read standard input (-), which does not come again.');
  if (formats !== undefined && formats.option !== formats.plain) throw new UsageError(`--watch writes ${formats.plain}, not ${formats.option}.`);
  return true;
}

const LISTED = 3;

/** Reads the sources, lets the verb begin with what they are, and hands it every good state that follows, until Ctrl-C. `flawed`: states with errors, too. */
export async function follow(ctx: VerbContext, states: readonly Followed[], begin: (first: readonly Read[]) => Promise<Watching>, { flawed = false } = {}): Promise<ExitCode> {
  const { follower, first } = await Follower.start(states, { flawed });
  try {
    // Who takes flawed states says himself what is wrong with them.
    if (!flawed) for (const { problems } of first) tellProblems(ctx, problems);
    const watching = await begin(first);
    ctx.stderr(`watching ${states.flatMap(({ inputs }) => inputs).join(', ')}; Ctrl-C ends it\n`);
    for await (const news of follower.news(ctx.signal)) {
      if ('broken' in news) {
        ctx.stderr(`${news.broken}\nThe last good state is kept.\n`);
        continue;
      }
      const { pieces, summary } = watching.next(news.reads);
      await write(ctx, pieces);
      const more = news.changed.length > LISTED ? ` and ${news.changed.length - LISTED} more` : '';
      ctx.stderr(`${news.changed.slice(0, LISTED).join(', ')}${more} changed (${formatDuration(performance.now() - news.since)}): ${summary()}\n`);
    }
    return codeOf(watching.good());
  } finally {
    follower.close();
  }
}
