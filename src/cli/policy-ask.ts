/** `fairlead policy ask` and `policy check`: one question, or a file of them. */
import { readFileSync } from 'node:fs';
import { UsageError, type ExitCode } from '../core/errors.ts';
import { isRouteName } from '../policy/ask/ends.ts';
import { answerLines, queriesOf } from '../policy/ask/check.ts';
import { Asker, type Question } from '../policy/ask/question.ts';
import { replyDocument, replyText } from '../policy/ask/reply-text.ts';
import type { Protocol } from '../policy/model/ports.ts';
import { Answers } from '../policy/watch/answers.ts';
import { Session } from '../policy/watch/session.ts';
import { integerOption, listArgument, textOption } from './options.ts';
import { codeOf, engineOf, requiredText, sourcesArgument, stateOptions } from './policy-input.ts';
import { follow, isWatching, watchOption, write, type Watching } from './policy-watch.ts';
import type { Verb, VerbContext, VerbOption } from './verb.ts';

const FROM = 'NAMESPACE/POD, NAMESPACE/WORKLOAD, a node\'s name, or an address';

/** Options that put a question. */
export const questionOptions: readonly VerbOption[] = [
  { flags: '--from <end>', description: `who opens the connection: ${FROM}`, required: true },
  { flags: '--to <end>', description: `to whom: ${FROM}; service:NAMESPACE/NAME; ingress:NAMESPACE/NAME, httproute:…, grpcroute:…, tcproute:… or tlsroute:…, which stand for what is behind them, and of which the pods of the controller are the other end`, required: true },
  { flags: '--port <number>', description: 'destination port; of a service the service\'s own; of ICMP the type × 256 + code; routes need none' },
  { flags: '--protocol <name>', description: 'protocol', choices: ['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6'], default: 'TCP' },
];

export const formatOption: VerbOption = { flags: '-o, --output <format>', description: 'format', choices: ['text', 'json'], default: 'text' };

/** The question of the command line. Errors: UsageError for a port that is none. */
export function questionOf(ctx: VerbContext): Question {
  const [from, to, port] = [requiredText(ctx, 'from'), requiredText(ctx, 'to'), integerOption(ctx, 'port', { min: 0, max: 65_535 })];
  if (port === undefined && !isRouteName(to)) throw new UsageError('--port is missing.', { hint: 'Only routes (ingress:NAMESPACE/NAME and the like) have ports of their own.' });
  return { from, to, protocol: (textOption(ctx, 'protocol') ?? 'TCP') as Protocol, port };
}

export const ask: Verb = {
  name: 'ask',
  summary: 'whether one end may talk to another',
  description: 'Says whether the policies allow a connection, and which rules decide. A workload or a service stands for all its pods. Exits 0 when it is allowed, 1 when it is denied or depends on something.',
  arguments: [sourcesArgument],
  options: [...questionOptions, formatOption, ...stateOptions],
  examples: [{ command: 'fairlead policy ask --from shop/web --to shop/db --port 5432 manifests/', description: 'may the web pods reach the database' }],
  async run(ctx): Promise<ExitCode> {
    const question = questionOf(ctx);
    const engine = await engineOf(ctx);
    const reply = new Asker(engine).ask(question);
    ctx.stdout(textOption(ctx, 'output') === 'json' ? `${JSON.stringify(replyDocument(question, reply), null, 2)}\n` : replyText(question, reply, engine.state.enforcer));
    return codeOf(reply.verdict === 'allow');
  },
};

function watchedAnswers(session: Session, answers: Answers): Watching {
  return {
    next([read]) {
      const { after, touched } = session.next(read!.state);
      const lines = [...answers.next(after, touched)];
      return { pieces: lines, summary: () => `${lines.length} ${lines.length === 1 ? 'answer' : 'answers'} changed` };
    },
    good: () => answers.unanswered === 0,
  };
}

function readQueries(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (cause) {
    throw new UsageError(`The queries in ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

export const check: Verb = {
  name: 'check',
  summary: 'answer many questions at once',
  description: 'Reads questions, one JSON object per line: {"id", "from", "to", "protocol", "port"}, where the ends are named as in `policy ask`. Writes one line for each: {"id", "verdict", "because": […]}; with --watch, after a change, one for each whose verdict is another. Exits 0 when all could be answered, whatever the answers.',
  arguments: [sourcesArgument],
  options: [{ flags: '--queries <file>', description: 'the questions; - for standard input', required: true }, watchOption, ...stateOptions],
  examples: [{ command: 'fairlead policy check --queries questions.ndjson manifests/', description: 'answer a file of questions' }],
  async run(ctx): Promise<ExitCode> {
    const queries = requiredText(ctx, 'queries');
    const text = readQueries(queries);
    const sources = listArgument(ctx, 'source');
    if (isWatching(ctx, sources)) {
      const answers = new Answers([...queriesOf(text, queries)]);
      return await follow(ctx, [{ inputs: sources, enforcer: textOption(ctx, 'enforcer') ?? 'auto' }], async ([first]) => {
        const { state } = first!;
        const session = new Session(state, 'pod');
        await write(ctx, answers.next(session.engine));
        return watchedAnswers(session, answers);
      });
    }
    const tally = { unanswered: 0 };
    for (const lines of answerLines(new Asker(await engineOf(ctx)), text, queries, tally)) {
      ctx.stdout(lines);
      await ctx.drained?.();
      ctx.signal.throwIfAborted();
    }
    return codeOf(tally.unanswered === 0);
  },
};

