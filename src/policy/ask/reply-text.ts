/** A question and its answer as text and as the public JSON document. */
import type { Enforcer } from '../enforcers/enforcer.ts';
import { denialText } from '../enforcers/words.ts';
import type { Question, Reply } from './question.ts';
import { reasonsOf } from './reasons.ts';

/** Pairs shown one by one; of more only how many there are. */
const SHOWN = 20;

/** The answer in sentences, with the rules that decided at their lines. */
export function replyText(question: Question, reply: Reply, enforcer: Enforcer): string {
  const { from, to, protocol, port } = question;
  const head = `${reply.verdict}: ${from} → ${to}${port === undefined ? '' : ` ${protocol} ${port}`}\n`;
  const lines = [...reply.why];
  const single = reply.answers.length === 1;
  for (const one of reply.answers.slice(0, SHOWN)) {
    if (!single) lines.push(`${one.verdict}: ${one.from.name} → ${one.to.name} ${one.protocol} ${one.port}`);
    for (const reason of reasonsOf(one, 'field')) lines.push(single ? reason : `  ${reason}`);
  }
  if (reply.answers.length > SHOWN) lines.push(`… and ${reply.answers.length - SHOWN} more pairs`);
  if (reply.answers.some((one) => one.verdict === 'deny')) lines.push(denialText(enforcer));
  return `${head}${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** The public form (docs/schemas/policy-answer.v1.json). */
export function replyDocument(question: Question, reply: Reply): object {
  return {
    version: 1, ...question, verdict: reply.verdict, why: reply.why,
    answers: reply.answers.map((one) => ({ from: one.from.name, to: one.to.name, protocol: one.protocol, port: one.port, verdict: one.verdict, basis: one.basis, because: reasonsOf(one, 'field') })),
  };
}
