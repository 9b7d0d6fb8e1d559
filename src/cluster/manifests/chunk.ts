/** A piece of an input that holds one object: what the splitters cut, so that no whole document has to be in memory. */

export interface Chunk {
  text: string;
  /** Line of the input on which the piece begins, counted from 1. */
  line: number;
  /** `document`: one document; `item`: one item of a list; `header`: what is left of a list's own document without its items, after them. */
  role: 'document' | 'item' | 'header';
  format: 'yaml' | 'json';
}

/** Cuts text that comes in pieces. Errors: InputError for a piece that grows too large. */
export interface Splitter {
  /** Line, counted from 1, up to which was read: the one that what comes next begins on. */
  readonly line: number;

  /** Takes the next piece and returns what is whole now. */
  push(text: string): Chunk[];
  /** The end of the input: returns what is left. */
  end(): Chunk[];
}
