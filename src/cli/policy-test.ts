/** `fairlead policy test`: holds policies against a file of who must and must not reach whom. */
import { readFileSync } from 'node:fs';
import { UsageError, type ExitCode } from '../core/errors.ts';
import { parseExpectations, type Expectation } from '../policy/expect/expectations.ts';
import { judge, type Judged } from '../policy/expect/judge.ts';
import { EXPECT_FORMATS, renderResults, type ExpectFormat } from '../policy/expect/render.ts';
import { Session } from '../policy/watch/session.ts';
import { listArgument, textArgument, textOption } from './options.ts';
import { codeOf, engineOf, sourcesArgument, stateOptions } from './policy-input.ts';
import { follow, isWatching, watchOption, write, type Watching } from './policy-watch.ts';
import type { Verb } from './verb.ts';

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`The expectations in ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Expectations whose result is another than before. */
function watchedResults(session: Session, expectations: readonly Expectation[], first: readonly Judged[], file: string): Watching {
  let results = first;
  return {
    next([now]) {
      const before = results;
      results = judge(session.next(now!.state).after, expectations);
      const changed = results.filter(({ result }, index) => result !== before[index]!.result);
      const failing = results.filter(({ result }) => result !== 'pass').length;
      return { pieces: changed.length === 0 ? [] : [renderResults(changed, file, 'text')], summary: () => `${changed.length} ${changed.length === 1 ? 'result' : 'results'} changed; ${failing} of ${results.length} do not hold` };
    },
    good: () => results.every(({ result }) => result === 'pass'),
  };
}

export const test: Verb = {
  name: 'test',
  summary: 'who must and must not reach whom, held against the policies',
  description: 'Reads a file of expectations — who must reach whom, who must not, which tenants are to be isolated — and says which hold. What cannot be tried, because an end is not in the input, is unknown and no pass. Exits 1 unless all hold.',
  arguments: [{ name: 'EXPECTATIONS', description: 'YAML with the list `expectations`' }, sourcesArgument],
  options: [{ flags: '-o, --output <format>', description: 'format', choices: EXPECT_FORMATS, default: 'text' }, watchOption, ...stateOptions],
  examples: [{ command: 'fairlead policy test expectations.yaml manifests/ -o junit', description: 'in a pipeline' }],
  async run(ctx): Promise<ExitCode> {
    const file = textArgument(ctx, 'expectations');
    const expectations = parseExpectations(read(file), file);
    const sources = listArgument(ctx, 'source');
    const format = (textOption(ctx, 'output') ?? 'text') as ExpectFormat;
    if (isWatching(ctx, sources, { option: format, plain: 'text' })) {
      return await follow(ctx, [{ inputs: sources, enforcer: textOption(ctx, 'enforcer') ?? 'auto' }], async ([first]) => {
        const { state } = first!;
        const session = new Session(state, 'pod');
        const results = judge(session.engine, expectations);
        await write(ctx, [renderResults(results, file, format)]);
        return watchedResults(session, expectations, results, file);
      });
    }
    const results = judge(await engineOf(ctx), expectations);
    ctx.stdout(renderResults(results, file, format));
    return codeOf(results.every((one) => one.result === 'pass'));
  },
};
