/** A set of texts that remembers the newest and forgets the oldest, so that it does not grow without end. */

/** Texts of one generation; two are held, some 60 MB. */
const GENERATION = 1 << 18;

export class Recent {
  readonly #generation: number;
  #now = new Set<string>();
  #before = new Set<string>();

  constructor(generation = GENERATION) {
    this.#generation = generation;
  }

  has(text: string): boolean {
    if (this.#now.has(text)) return true;
    if (!this.#before.has(text)) return false;
    // What is asked for is not old.
    this.#keep(text);
    return true;
  }

  /** Whether it was not there. */
  add(text: string): boolean {
    if (this.has(text)) return false;
    this.#keep(text);
    return true;
  }

  #keep(text: string): void {
    if (this.#now.size >= this.#generation) [this.#before, this.#now] = [this.#now, new Set()];
    this.#now.add(text);
  }
}
