/**
 * Reads the plain part of YAML that manifests are nearly always written in, five times as fast as the library:
 * block mappings and sequences of one-line scalars and flow collections. Everything else, and everything doubtful,
 * is left to the library; a property test holds the two equal.
 */
import { plainFlow } from './plain-flow.ts';
import { ELSEWHERE, plainKey, plainScalar } from './plain-scalar.ts';

/** Takes the place of a key or item of a block, when its value has been read: the collection that has it, and the 0-based line of the key, or of the item's value. */
export type NotePlace = (of: object, part: string, line: number, value: unknown) => void;

interface Line {
  /** 0-based, in the text. */
  number: number;
  indent: number;
  text: string;
}

/** Tabs, carriage returns, other white space and what is not ASCII; anchors of comments are looked at line by line. */
const UNUSUAL = /[^\n -~]/;
const MAPPING = /^("[^"\\]*"|'[^']*'|[A-Za-z_][A-Za-z0-9_./-]*):(?: +(.*))?$/;

/** The lines that say something, without comments; undefined where a comment may be part of a text. */
function linesOf(text: string): Line[] | undefined {
  const lines: Line[] = [];
  for (const [number, line] of text.split('\n').entries()) {
    let indent = 0;
    while (line[indent] === ' ') indent += 1;
    if (indent === line.length || line[indent] === '#') continue;
    let end = line.length;
    const comment = line.indexOf(' #', indent);
    if (comment >= 0) {
      if (line.includes('"') || line.includes("'")) return undefined;
      end = comment;
    }
    while (line[end - 1] === ' ') end -= 1;
    lines.push({ number, indent, text: line.slice(indent, end) });
  }
  return lines;
}

class Reader {
  readonly #lines: Line[];
  readonly #note: NotePlace | undefined;
  #next = 0;

  constructor(lines: Line[], note: NotePlace | undefined) {
    this.#lines = lines;
    this.#note = note;
  }

  whole(): unknown {
    const [first] = this.#lines;
    if (first === undefined) return ELSEWHERE;
    const value = this.#block(first.indent);
    return this.#next === this.#lines.length ? value : ELSEWHERE;
  }

  #block(indent: number): unknown {
    const line = this.#lines[this.#next]!;
    return line.text === '-' || line.text.startsWith('- ') ? this.#sequence(indent) : this.#mapping(indent);
  }

  /** A value on the line of its key or dash; the next line must not go on with it. */
  #inline(text: string, indent: number): unknown {
    const value = text[0] === '{' || text[0] === '[' ? plainFlow(text) : plainScalar(text);
    const following = this.#lines[this.#next];
    return following !== undefined && following.indent > indent ? ELSEWHERE : value;
  }

  /** A value below its key or dash; nothing there is null. */
  #below(indent: number, dashes: boolean): unknown {
    const line = this.#lines[this.#next];
    if (line === undefined || line.indent < indent) return null;
    if (line.indent > indent) return this.#block(line.indent);
    // The items of a key may begin in the key's own column.
    return dashes && (line.text === '-' || line.text.startsWith('- ')) ? this.#sequence(indent) : null;
  }

  #mapping(indent: number): unknown {
    const map: Record<string, unknown> = {};
    for (let line = this.#lines[this.#next]; line?.indent === indent; line = this.#lines[this.#next]) {
      const match = MAPPING.exec(line.text);
      const key = match === null ? undefined : plainKey(match[1]!);
      if (key === undefined || Object.hasOwn(map, key)) return line.text === '-' || line.text.startsWith('- ') ? map : ELSEWHERE;
      this.#next += 1;
      const text = match![2];
      const value = text === undefined || text === '' ? this.#below(indent, true) : this.#inline(text, indent);
      if (value === ELSEWHERE) return ELSEWHERE;
      map[key] = value;
      this.#note?.(map, key, line.number, value);
    }
    return map;
  }

  #sequence(indent: number): unknown {
    const items: unknown[] = [];
    for (let line = this.#lines[this.#next]; line?.indent === indent && (line.text === '-' || line.text.startsWith('- ')); line = this.#lines[this.#next]) {
      const value = this.#item(line, indent);
      if (value === ELSEWHERE) return ELSEWHERE;
      items.push(value);
      this.#note?.(items, String(items.length - 1), line.number, value);
    }
    return items;
  }

  #item(line: Line, indent: number): unknown {
    const rest = line.text.slice(1).trimStart();
    if (rest === '') {
      this.#next += 1;
      return this.#below(indent, false);
    }
    if (rest === '-' || rest.startsWith('- ') || MAPPING.test(rest)) {
      // What stands behind the dash is a block of its own, in its own column.
      line.indent = indent + line.text.length - rest.length;
      line.text = rest;
      return this.#block(line.indent);
    }
    this.#next += 1;
    return this.#inline(rest, indent);
  }
}

/** The value of a document in the plain part of YAML; ELSEWHERE for every other. */
export function plainYaml(text: string, note?: NotePlace): unknown {
  if (UNUSUAL.test(text)) return ELSEWHERE;
  const lines = linesOf(text);
  return lines === undefined ? ELSEWHERE : new Reader(lines, note).whole();
}
