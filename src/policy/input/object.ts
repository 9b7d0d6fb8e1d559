/** A Kubernetes object as it stood in a file, and what was wrong with a document. */

/** A path into a document: `['spec', 'ingress', 0]`. */
export type Path = readonly (string | number)[];

/** Where an object stands: enough to find the line of any of its fields later. */
export interface Origin {
  /** As the user named it; `<stdin>` for standard input. */
  file: string;
  /** 1-based line of the first line of `text` in the file. */
  line: number;
  /** The text of the document that contains the object. */
  text: string;
  /** The object's own path in the document: `['items', 3]` inside a List, empty otherwise. */
  within: Path;
}

/** An object with the few fields that every object has, and its body untouched. */
export interface LoadedObject {
  apiVersion: string;
  kind: string;
  name: string;
  /** As written; absent for cluster-scoped objects and where the namespace was left to the client. */
  namespace: string | undefined;
  body: Readonly<Record<string, unknown>>;
  origin: Origin;
}

/** Something wrong with the input that does not stop the rest. */
export interface Problem {
  /** `error`: this part of the input is not in the answer; `warning`: it is, but not as somebody may think. */
  severity: 'error' | 'warning';
  file: string;
  line: number;
  /** `Kind namespace/name`, where there is an object. */
  subject?: string;
  message: string;
}

/** One line: `FILE:LINE: error: NetworkPolicy shop/db: …`. */
export function problemText(problem: Problem): string {
  return `${problem.file}:${problem.line}: ${problem.severity}: ${problem.subject === undefined ? '' : `${problem.subject}: `}${problem.message}`;
}

/** `NetworkPolicy shop/db`, as messages name an object. */
export function nameOf(object: Pick<LoadedObject, 'kind' | 'name' | 'namespace'>): string {
  return `${object.kind} ${object.namespace === undefined ? '' : `${object.namespace}/`}${object.name}`;
}

/** `spec.ingress[0].from` for a path. */
export function pathText(path: Path): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}
