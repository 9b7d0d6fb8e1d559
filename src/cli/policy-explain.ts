/** `fairlead policy explain`: every rule that was asked, in order, and the smallest edit that turns the answer round. */
import { UsageError, type ExitCode } from '../core/errors.ts';
import { explainAll, explainDocument, explainText } from '../policy/ask/explain.ts';
import { Asker } from '../policy/ask/question.ts';
import { replyText } from '../policy/ask/reply-text.ts';
import { textOption } from './options.ts';
import { formatOption, questionOf, questionOptions } from './policy-ask.ts';
import { codeOf, engineOf, sourcesArgument, stateOptions } from './policy-input.ts';
import type { Verb, VerbContext } from './verb.ts';

async function everything(ctx: VerbContext): Promise<ExitCode> {
  if (textOption(ctx, 'output') === 'json') throw new UsageError('--output json is for one question: name --from and --to.');
  for (const text of explainAll(await engineOf(ctx))) {
    ctx.stdout(text);
    await ctx.drained?.();
    ctx.signal.throwIfAborted();
  }
  return codeOf(true);
}

export const explain: Verb = {
  name: 'explain',
  summary: 'why a connection is allowed or denied, rule by rule',
  description: 'Shows for a connection every rule that was asked, in order, with file and line, which of them decided, and the smallest edit of the policies that would turn the answer round. Without --from and --to it explains every pair of ends, port by port where rules tell ports apart. Exits as `policy ask` does.',
  arguments: [sourcesArgument],
  options: [...questionOptions.map(({ required, ...option }) => option), formatOption, ...stateOptions],
  examples: [{ command: 'fairlead policy explain --from shop/web --to shop/db --port 5432 manifests/', description: 'why the web pods cannot reach the database' }],
  async run(ctx): Promise<ExitCode> {
    const asked = ['from', 'to', 'port'].filter((name) => textOption(ctx, name) !== undefined);
    if (asked.length === 0) return everything(ctx);
    if (!asked.includes('from') || !asked.includes('to')) throw new UsageError('A question needs --from, --to and --port; without any of them every pair is explained.');
    const question = questionOf(ctx);
    const engine = await engineOf(ctx);
    const reply = new Asker(engine).ask(question);
    if (textOption(ctx, 'output') === 'json') ctx.stdout(`${JSON.stringify({ version: 1, verdict: reply.verdict, why: reply.why, answers: reply.answers.map((one) => explainDocument(engine, one)) }, null, 2)}\n`);
    else ctx.stdout(reply.answers.length === 0 ? replyText(question, reply, engine.state.enforcer) : reply.why.map((why) => `${why}\n`).join('') + reply.answers.map((one) => explainText(engine, one)).join('\n'));
    return codeOf(reply.verdict === 'allow');
  },
};
