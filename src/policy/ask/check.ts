/** Answers questions that come as lines of JSON, by the hundred thousand. */
import { UsageError } from '../../core/errors.ts';
import { fields } from '../input/fields.ts';
import type { Protocol } from '../model/ports.ts';
import type { Verdict } from './answer.ts';
import { portFaultOf, type Asker, type Question, type Reply } from './question.ts';
import { reasonsOf } from './reasons.ts';

/** Sentences of one answer for all questions that the same classes and port decide alike. */
class Reasons {
  readonly #known = new Map<string, string>();

  /** The sentences as JSON. The names of the ends stand in them, so that they are part of the key. */
  of(one: Verdict): string {
    const key = `${one.from.name}>${one.to.name}>${one.protocol}${one.port}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = reasonsOf(one, 'document').map((reason) => JSON.stringify(reason)).join(',');
    this.#known.set(key, made);
    return made;
  }
}

function questionOf(line: string, where: string): { id: unknown; question: Question } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new UsageError(`${where} is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const { id, from, to, protocol = 'TCP', port } = fields(value);
  if (typeof from !== 'string' || typeof to !== 'string' || id === undefined) throw new UsageError(`${where} is no question: expected {"id", "from", "to", "protocol", "port"} with texts for from and to.`);
  const fault = portFaultOf(String(protocol), Number(port ?? Number.NaN));
  if (fault !== undefined) throw new UsageError(`${where}: ${fault}.`);
  return { id, question: { from, to, protocol: String(protocol) as Protocol, port: Number(port) } };
}

const CHUNK = 1 << 16;

/** Writes one line of JSON per question. Errors: UsageError naming file and line for what is no question. */
export function answerLines(asker: Asker, text: string, file: string, write: (lines: string) => void): { asked: number; unanswered: number } {
  const reasons = new Reasons();
  const seen = new Map<string, { reply: Reply; tail: string }>();
  let [asked, unanswered, buffer, number] = [0, 0, '', 0];
  for (const line of text.split('\n')) {
    number += 1;
    if (line.trim() === '') continue;
    const { id, question } = questionOf(line, `${file}:${number}`);
    const key = `${question.from}>${question.to}>${question.protocol}${question.port}`;
    let known = seen.get(key);
    if (known === undefined) {
      const reply = asker.ask(question);
      const because = [...reply.why.map((one) => JSON.stringify(one)), ...reply.answers.map((one) => reasons.of(one))].filter((one) => one !== '').join(',');
      known = { reply, tail: `"verdict":"${reply.verdict}","because":[${because}]}\n` };
      seen.set(key, known);
    }
    asked += 1;
    if (known.reply.verdict === 'unknown') unanswered += 1;
    buffer += `{"id":${JSON.stringify(id)},${known.tail}`;
    if (buffer.length > CHUNK) {
      write(buffer);
      buffer = '';
    }
  }
  write(buffer);
  return { asked, unanswered };
}
