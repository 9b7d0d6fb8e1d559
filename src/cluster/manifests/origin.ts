/** Where an object stands: enough to find the line of any of its fields later. */

/** A path into a document: `['spec', 'ingress', 0]`. */
export type Path = readonly (string | number)[];

export interface Origin {
  /** As the user named it: a file, `<stdin>` for standard input, a snapshot, or the address of an API server. */
  file: string;
  /** 1-based line on which the object itself begins; undefined where it was read from no file that people write. */
  line: number | undefined;
  /** The text that holds the object, as it stands in the file; undefined where there is none, or nobody is going to ask for its fields. */
  written: Written | undefined;
}

export interface Written {
  text: string;
  /** 1-based line of the first line of `text` in the file. */
  line: number;
  /** The object's own path in the text: `['items', 3]` inside a list that was not taken apart, empty otherwise. */
  within: Path;
}

/** `spec.ingress[0].from` for a path. */
export function pathText(path: Path): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}

/** `FILE:LINE`, or the file alone where lines mean nothing. */
export function placeText(file: string, line: number | undefined): string {
  return line === undefined ? file : `${file}:${line}`;
}
