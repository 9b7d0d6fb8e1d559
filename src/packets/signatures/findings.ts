/** Collects what was recognised: how often, when first and last, and an example in words. Constant in size. */
import { SIGNATURES, type SignatureId } from './catalogue.ts';

/** Times are nanoseconds since the start of the capture (`Clock`). */
export interface Finding { id: SignatureId; count: number; first: number; last: number; frame: number; file: string; example: string; /** Other examples, of other subjects. */ more: string[] }

/** Examples that are kept of each. */
const EXAMPLES = 4;

export class Findings {
  /** The file that is being read; empty for what is about several. */
  file = '';
  readonly #found = new Map<SignatureId, Finding>();
  readonly #subjects = new Map<SignatureId, Set<string | number>>();

  /**
   * Counts one. True when an example of it is wanted: call `explain` then. `subject` is what it is about (a connection's number,
   * an address): of one subject one example is kept.
   */
  count(id: SignatureId, time: number, frame: number, subject: string | number, by = 1): boolean {
    let finding = this.#found.get(id);
    if (finding === undefined) {
      finding = { id, count: 0, first: time, last: time, frame, file: this.file, example: '', more: [] };
      this.#found.set(id, finding);
      this.#subjects.set(id, new Set());
    }
    finding.count += by;
    // Judgements at a connection's end come in any order.
    if (time < finding.first) finding.first = time;
    if (time > finding.last) finding.last = time;
    const subjects = this.#subjects.get(id) as Set<string | number>;
    if (subjects.size >= EXAMPLES || subjects.has(subject)) return false;
    subjects.add(subject);
    return true;
  }

  explain(id: SignatureId, text: string): void {
    const finding = this.#found.get(id);
    if (finding === undefined) return;
    if (finding.example === '') finding.example = text;
    else finding.more.push(text);
  }

  /** Counts and explains. */
  note(id: SignatureId, time: number, frame: number, subject: string | number, text: () => string, by = 1): void {
    if (this.count(id, time, frame, subject, by)) this.explain(id, text());
  }

  /** Worst first, then most frequent. */
  all(): Finding[] {
    const rank = { fault: 0, warning: 1, note: 2 };
    return [...this.#found.values()].toSorted((a, b) => rank[SIGNATURES[a.id].weight] - rank[SIGNATURES[b.id].weight] || b.count - a.count || (a.id < b.id ? -1 : 1));
  }
}
