/** Answers questions that come as lines of JSON, by the hundred thousand. */
import { UsageError } from '../../core/errors.ts';
import { fields } from '../../cluster/fields.ts';
import type { Protocol } from '../model/ports.ts';
import { portFaultOf, type Asker, type Question, type Reply } from './question.ts';
import { Quick } from './quick.ts';
import { reasonsOf } from './reasons.ts';

/** A question of a file, with what its asker calls it. */
export interface Query {
  id: unknown;
  question: Question;
}

function questionOf(written: string, file: string, line: number): Query {
  const where = `${file}:${line}`;
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch (cause) {
    throw new UsageError(`${where} is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const { id, from, to, protocol = 'TCP', port } = fields(value);
  if (typeof from !== 'string' || typeof to !== 'string' || id === undefined) throw new UsageError(`${where} is no question: expected {"id", "from", "to", "protocol", "port"} with texts for from and to.`);
  const number = port === undefined ? undefined : Number(port);
  const fault = portFaultOf(to, String(protocol), number);
  if (fault !== undefined) throw new UsageError(`${where}: ${fault}.`);
  return { id, question: { from, to, protocol: String(protocol) as Protocol, port: number } };
}

/** The questions of a text, one a line. Errors: UsageError naming file and line for what is no question. */
export function* queriesOf(text: string, file: string): Generator<Query> {
  let [number, start] = [0, 0];
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end);
    [start, number] = [end + 1, number + 1];
    if (line.trim() !== '') yield questionOf(line, file, number);
  }
}

export interface Answered {
  verdict: Reply['verdict'];
  /** The rest of the answer's line, after its id. */
  tail: string;
}

/** Answers a question as a line has it. `quick` is of the same engine. */
export function answered(asker: Asker, quick: Quick, question: Question): Answered {
  const [from, to] = [asker.directory.find(question.from), asker.directory.find(question.to)];
  const [source, target] = [from.kind === 'ends' && from.ends.length === 1 ? from.ends[0] : undefined, to.kind === 'ends' && to.ends.length === 1 ? to.ends[0] : undefined];
  const fast = source === undefined || target === undefined || question.port === undefined ? undefined : quick.answer(source, target, question.protocol, question.port);
  if (fast !== undefined) return { verdict: fast.verdict, tail: `"verdict":"${fast.verdict}","because":[${fast.because}]}\n` };
  const reply = asker.ask(question);
  const because = [...reply.why, ...reply.answers.flatMap((one) => reasonsOf(one, 'document'))];
  return { verdict: reply.verdict, tail: `"verdict":"${reply.verdict}","because":${JSON.stringify([...new Set(because)])}}\n` };
}

const CHUNK = 1 << 16;

/** How far the answering is; `unanswered` is right when the last piece has come. */
export interface Tally {
  unanswered: number;
}

/** One line of JSON per question, in pieces. Errors: UsageError naming file and line for what is no question. */
export function* answerLines(asker: Asker, text: string, file: string, tally: Tally): Generator<string> {
  const quick = new Quick(asker.engine);
  let buffer = '';
  for (const { id, question } of queriesOf(text, file)) {
    const { tail, verdict } = answered(asker, quick, question);
    if (verdict === 'unknown') tally.unanswered += 1;
    buffer += `{"id":${JSON.stringify(id)},${tail}`;
    if (buffer.length <= CHUNK) continue;
    yield buffer;
    buffer = '';
  }
  yield buffer;
}
