/** Scalars of the plain part of YAML: words, simple numbers, booleans, and quotes without escapes. */

/** Not in the plain part; the whole document goes to the library. */
export const ELSEWHERE: unique symbol = Symbol('elsewhere');

/** Booleans of YAML 1.1, which kubectl reads, and nulls of YAML 1.2's core types. */
const WORDS = new Map<string, boolean | null>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
]);

const SIMPLE_INTEGER = /^(?:0|[1-9]\d{0,14})$/;
/** Anything else that is, or may be, a number. */
const NUMBER_LIKE = /^(?:0[ox][0-9a-fA-F]*|[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|[-+]?\.\d+(?:[eE][-+]?\d+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
/** Letters that begin a plain scalar and mean nothing else there, and what may follow anywhere in it. */
const PLAIN = /^[A-Za-z0-9_./~(+$^][A-Za-z0-9_./~()+$^=;<@!?*|&%'"\\ -]*$/;
/** With colons, as addresses and images have them: none before a blank or at the end. */
const WITH_COLONS = /^[A-Za-z0-9_./~(+$^](?:[A-Za-z0-9_./~()+$^=;<@!?*|&%'"\\ -]|:(?=[A-Za-z0-9_./]))*$/;

/** The value of a trimmed scalar that stands alone. */
export function plainScalar(text: string): unknown {
  const first = text[0];
  if (first === '"' || first === "'") {
    const inner = text.slice(1, -1);
    const closed = text.length > 1 && text.at(-1) === first;
    return closed && !inner.includes(first) && !(first === '"' && inner.includes('\\')) && /^[ -~]*$/.test(inner) ? inner : ELSEWHERE;
  }
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (SIMPLE_INTEGER.test(text)) return Number(text);
  if (NUMBER_LIKE.test(text)) return ELSEWHERE;
  return PLAIN.test(text) || WITH_COLONS.test(text) ? text : ELSEWHERE;
}

const KEY = /^[A-Za-z_][A-Za-z0-9_./-]*$/;

/** A mapping's key, which must be a text; undefined for others. */
export function plainKey(text: string): string | undefined {
  if (KEY.test(text)) return WORDS.has(text) || text === '__proto__' ? undefined : text;
  if (text[0] !== '"' && text[0] !== "'") return undefined;
  const value = plainScalar(text);
  return typeof value === 'string' && value !== '__proto__' ? value : undefined;
}
