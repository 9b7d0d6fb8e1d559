/** How far two words are from each other, to tell a slip from another word. Pure. */

/** Characters that must be inserted, removed or replaced to make one of the other (Levenshtein 1966). */
export function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[other.length] ?? 0;
}

/** Those of the words that are nearest to one, at most `count`, the nearest first; of one distance in their order. */
export function nearest(word: string, words: readonly string[], count: number): string[] {
  const near = new Map(words.map((one) => [one, editDistance(word, one)]));
  return words.toSorted((a, b) => (near.get(a) ?? 0) - (near.get(b) ?? 0)).slice(0, count);
}
