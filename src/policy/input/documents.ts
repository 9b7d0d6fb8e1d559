/** Splits a YAML stream into its documents, so that a broken one does not take the others with it. */

export interface Document {
  text: string;
  /** 1-based line of the first line of `text` in the stream. */
  line: number;
}

/**
 * A line that begins with `---` or `...` and a blank is a marker wherever it stands: nothing inside a document
 * may begin a line so, block scalars and quoted ones included (YAML 1.2.2 §9.1.2, c-forbidden).
 */
const MARKER = /^(?:---|\.\.\.)(?=[ \t\r\n]|$)/gm;

/** The rest of a marker's line, where nothing stands on it. */
const BLANK = /^[ \t]*\r?\n/;

/** Nothing but blank lines, comments and directives. */
const EMPTY = /^(?:[ \t]*(?:[#%].*)?(?:\r?\n|$))*$/;

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

/** The documents of a stream with their lines; documents without content are left out. */
export function splitDocuments(text: string): Document[] {
  const documents: Document[] = [];
  let start = 0;
  let line = 1;
  // What follows a marker on its own line belongs to the document: `--- {a: 1}`.
  const take = (end: number): void => {
    const part = text.slice(start, end);
    if (!EMPTY.test(part)) documents.push({ text: part, line });
    line += countLines(text, start, end);
  };
  MARKER.lastIndex = 0;
  for (const match of text.matchAll(MARKER)) {
    take(match.index);
    start = match.index + match[0].length;
    const rest = BLANK.exec(text.slice(start, start + 200));
    if (rest !== null) {
      start += rest[0].length;
      line += 1;
    }
  }
  take(text.length);
  return documents;
}
