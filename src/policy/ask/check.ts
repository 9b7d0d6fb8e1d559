/** Answers questions that come as lines of JSON, by the hundred thousand. */
import { UsageError } from '../../core/errors.ts';
import { fields } from '../../cluster/fields.ts';
import type { Protocol } from '../model/ports.ts';
import { portFaultOf, type Asker, type Question } from './question.ts';
import { Quick } from './quick.ts';
import { reasonsOf } from './reasons.ts';

function questionOf(written: string, file: string, line: number): { id: unknown; question: Question } {
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

/** The rest of an answer's line, after its id. */
function tailOf(asker: Asker, quick: Quick, question: Question): { tail: string; answered: boolean } {
  const [from, to] = [asker.directory.find(question.from), asker.directory.find(question.to)];
  const [source, target] = [from.kind === 'ends' && from.ends.length === 1 ? from.ends[0] : undefined, to.kind === 'ends' && to.ends.length === 1 ? to.ends[0] : undefined];
  const fast = source === undefined || target === undefined || question.port === undefined ? undefined : quick.answer(source, target, question.protocol, question.port);
  if (fast !== undefined) return { tail: `"verdict":"${fast.verdict}","because":[${fast.because}]}\n`, answered: true };
  const reply = asker.ask(question);
  const because = [...reply.why, ...reply.answers.flatMap((one) => reasonsOf(one, 'document'))];
  return { tail: `"verdict":"${reply.verdict}","because":${JSON.stringify([...new Set(because)])}}\n`, answered: reply.verdict !== 'unknown' };
}

const CHUNK = 1 << 16;

/** How far the answering is; `unanswered` is right when the last piece has come. */
export interface Tally {
  unanswered: number;
}

/** One line of JSON per question, in pieces. Errors: UsageError naming file and line for what is no question. */
export function* answerLines(asker: Asker, text: string, file: string, tally: Tally): Generator<string> {
  const quick = new Quick(asker.engine);
  let [buffer, number, start] = ['', 0, 0];
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end);
    [start, number] = [end + 1, number + 1];
    if (line.trim() === '') continue;
    const { id, question } = questionOf(line, file, number);
    const { tail, answered } = tailOf(asker, quick, question);
    if (!answered) tally.unanswered += 1;
    buffer += `{"id":${JSON.stringify(id)},${tail}`;
    if (buffer.length <= CHUNK) continue;
    yield buffer;
    buffer = '';
  }
  yield buffer;
}
