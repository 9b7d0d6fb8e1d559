/** Flow collections of the plain part of YAML, on one line: `{app: web, ports: [80, 81]}`. */
import { ELSEWHERE, plainKey, plainScalar } from './plain-scalar.ts';

/** A scalar within brackets ends at these, and has none of the others. */
const SCALAR = /[^,[\]{}]+/y;
const KEY = /\s*("[^"\\]*"|'[^']*'|[A-Za-z_][A-Za-z0-9_./-]*): +/y;
const BLANKS = / */y;

/** Collections in collections; deeper ones are for the library, which has a bound of its own. */
const DEEPEST = 50;

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  #blanks(): void {
    BLANKS.lastIndex = this.#at;
    BLANKS.exec(this.#text);
    this.#at = BLANKS.lastIndex;
  }

  #take(sign: string): boolean {
    this.#blanks();
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }

  whole(): unknown {
    const value = this.#value();
    this.#blanks();
    return this.#at === this.#text.length ? value : ELSEWHERE;
  }

  #value(): unknown {
    this.#blanks();
    const sign = this.#text[this.#at];
    if (sign === '{' || sign === '[') return this.#collection(sign);
    if (sign === '"' || sign === "'") {
      const end = this.#text.indexOf(sign, this.#at + 1);
      if (end < 0) return ELSEWHERE;
      const value = plainScalar(this.#text.slice(this.#at, end + 1));
      this.#at = end + 1;
      return value;
    }
    SCALAR.lastIndex = this.#at;
    const [found] = SCALAR.exec(this.#text) ?? [];
    // A quote within a word, or a key without a value, is for the library.
    if (found === undefined || /["'?]|:(?: |$)/.test(found.trimEnd())) return ELSEWHERE;
    this.#at = SCALAR.lastIndex;
    return plainScalar(found.trim());
  }

  #collection(sign: '{' | '['): unknown {
    if (this.#depth >= DEEPEST) return ELSEWHERE;
    this.#depth += 1;
    const value = sign === '{' ? this.#map() : this.#list();
    this.#depth -= 1;
    return value;
  }

  #list(): unknown {
    const items: unknown[] = [];
    this.#at += 1;
    if (this.#take(']')) return items;
    for (;;) {
      const value = this.#value();
      if (value === ELSEWHERE) return ELSEWHERE;
      items.push(value);
      if (this.#take(']')) return items;
      if (!this.#take(',')) return ELSEWHERE;
    }
  }

  #map(): unknown {
    const map: Record<string, unknown> = {};
    this.#at += 1;
    if (this.#take('}')) return map;
    for (;;) {
      KEY.lastIndex = this.#at;
      const [, written] = KEY.exec(this.#text) ?? [];
      const key = written === undefined ? undefined : plainKey(written);
      if (key === undefined || Object.hasOwn(map, key)) return ELSEWHERE;
      this.#at = KEY.lastIndex;
      const value = this.#value();
      if (value === ELSEWHERE) return ELSEWHERE;
      map[key] = value;
      if (this.#take('}')) return map;
      if (!this.#take(',')) return ELSEWHERE;
    }
  }
}

/** The value of a flow collection. */
export const plainFlow = (text: string): unknown => new Reader(text).whole();
