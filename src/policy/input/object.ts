/** A Kubernetes object as policies look at it, and what was wrong with a document. */
import { describeRef } from '../../cluster/objects.ts';
import { placeText, type Origin } from '../../cluster/manifests/origin.ts';

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
  /** Undefined where the object is from no file that people write; then `subject` and the message name object and field. */
  line: number | undefined;
  /** `Kind namespace/name`, where there is an object. */
  subject?: string;
  /** Of the object that it is about. */
  origin?: Origin;
  /** It is a policy that is not used, because another of its name stands there. */
  repeated?: Origin;
  message: string;
}

/** One line: `FILE:LINE: error: NetworkPolicy shop/db: …`. */
export function problemText(problem: Problem): string {
  return `${placeText(problem.file, problem.line)}: ${problem.severity}: ${problem.subject === undefined ? '' : `${problem.subject}: `}${problem.message}`;
}

/** `NetworkPolicy shop/db`, as messages name an object. */
export function nameOf({ kind, name, namespace }: Pick<LoadedObject, 'kind' | 'name' | 'namespace'>): string {
  return describeRef({ kind, name, ...(namespace === undefined ? {} : { namespace }) });
}
