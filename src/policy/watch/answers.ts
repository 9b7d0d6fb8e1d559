/** The answers to a file of questions, kept from one state to the next, so that only questions are asked again whose answer may have changed. */
import { answered, type Query } from '../ask/check.ts';
import type { Named } from '../ask/ends.ts';
import { Asker, type Reply } from '../ask/question.ts';
import { Quick } from '../ask/quick.ts';
import type { Engine } from '../compile/engine.ts';
import type { Recompiled } from '../compile/recompile.ts';

export class Answers {
  readonly #queries: readonly Query[];
  #verdicts: Reply['verdict'][] = [];

  constructor(queries: readonly Query[]) {
    this.#queries = queries;
  }

  /** How many are without an answer, because an end is not in the input. */
  get unanswered(): number {
    return this.#verdicts.filter((one) => one === 'unknown').length;
  }

  /**
   * The lines of the answers whose verdict is another than before: all of them, the first time. `touched`: the classes whose
   * traffic other rules judge than before, where the engine differs by nothing else.
   */
  *next(engine: Engine, touched?: Recompiled['touched']): Generator<string> {
    const [asker, quick] = [new Asker(engine), new Quick(engine)];
    const [egress, ingress] = [new Set(touched?.egress), new Set(touched?.ingress)];
    const spared = (end: Named, classes: ReadonlySet<number>): boolean => end.kind === 'unknown' || (end.kind === 'ends' && end.ends.every((one) => !classes.has(one.class)));
    for (const [index, { id, question }] of this.#queries.entries()) {
      if (touched !== undefined && spared(asker.directory.find(question.from), egress) && spared(asker.directory.find(question.to), ingress)) continue;
      const { verdict, tail } = answered(asker, quick, question);
      if (verdict === this.#verdicts[index]) continue;
      this.#verdicts[index] = verdict;
      yield `{"id":${JSON.stringify(id)},${tail}`;
    }
  }
}
