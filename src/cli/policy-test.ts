/** `fairlead policy test`: holds policies against a file of who must and must not reach whom. */
import { readFileSync } from 'node:fs';
import { UsageError, type ExitCode } from '../core/errors.ts';
import { parseExpectations } from '../policy/expect/expectations.ts';
import { judge } from '../policy/expect/judge.ts';
import { EXPECT_FORMATS, renderResults, type ExpectFormat } from '../policy/expect/render.ts';
import { textArgument, textOption } from './options.ts';
import { codeOf, engineOf, sourcesArgument, stateOptions } from './policy-input.ts';
import type { Verb } from './verb.ts';

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`The expectations in ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

export const test: Verb = {
  name: 'test',
  summary: 'who must and must not reach whom, held against the policies',
  description: 'Reads a file of expectations — who must reach whom, who must not, which tenants are to be isolated — and says which hold. What cannot be tried, because an end is not in the input, is unknown and no pass. Exits 1 unless all hold.',
  arguments: [{ name: 'EXPECTATIONS', description: 'YAML with the list `expectations`' }, sourcesArgument],
  options: [{ flags: '-o, --output <format>', description: 'format', choices: EXPECT_FORMATS, default: 'text' }, ...stateOptions],
  examples: [{ command: 'fairlead policy test expectations.yaml manifests/ -o junit', description: 'in a pipeline' }],
  async run(ctx): Promise<ExitCode> {
    const file = textArgument(ctx, 'expectations');
    const expectations = parseExpectations(read(file), file);
    const results = judge(await engineOf(ctx), expectations);
    ctx.stdout(renderResults(results, file, (textOption(ctx, 'output') ?? 'text') as ExpectFormat));
    return codeOf(results.every((one) => one.result === 'pass'));
  },
};
