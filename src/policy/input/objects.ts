/** Makes Kubernetes objects of documents, each judged by itself; what is wrong with one becomes a problem with its place. */
import { fields, isRecord, text } from '../../cluster/fields.ts';
import { documentsOf, type Fault, type Found } from '../../cluster/manifests/documents.ts';
import { textFault } from '../../cluster/manifests/metadata.ts';
import { placeText, type Origin } from '../../cluster/manifests/origin.ts';
import { groupOf } from '../../cluster/snapshot/catalogue.ts';
import { dialectOf } from '../parse/dialect.ts';
import { isLookedAt } from './kinds.ts';
import { nameOf, type LoadedObject, type Problem } from './object.ts';

export interface Loaded {
  objects: LoadedObject[];
  problems: Problem[];
}

/** Collects objects; of those that are there twice the last counts, as when they are applied one after the other. */
export class Collector {
  readonly #objects = new Map<string, LoadedObject>();
  readonly #problems: Problem[] = [];
  readonly #twice: string[] = [];

  problem(problem: Problem): void {
    this.#problems.push(problem);
  }

  /** What could not be read. */
  fault({ error, left, begins }: Fault): void {
    const consequence = left === 'link' ? '' : left === 'rest' ? '; what follows in this file is not read' : begins === undefined || begins === error.line ? '; it is left out' : `; the document that begins in line ${begins} is left out`;
    this.problem({ severity: left === 'link' ? 'warning' : 'error', file: error.file, line: error.line, message: `${error.reason}${consequence}.${error.hint === undefined ? '' : ` ${error.hint}`}` });
  }

  /** A document of a file. */
  document({ value, origin }: Found): void {
    const problem = (message: string, severity: Problem['severity'] = 'error'): void => this.problem({ severity, file: origin.file, line: origin.line, message });
    if (!isRecord(value)) return problem('This is no Kubernetes object: expected a mapping with apiVersion and kind. It is left out.');
    const [apiVersion, kind, metadata] = [text(value['apiVersion']), text(value['kind']), fields(value['metadata'])];
    if (apiVersion === undefined || kind === undefined) return problem(`This is no Kubernetes object: it has no ${apiVersion === undefined ? 'apiVersion' : 'kind'}. It is left out.`, 'warning');
    const name = text(metadata['name']) ?? text(metadata['generateName']);
    const wrong = textFault(metadata);
    if (wrong !== undefined) return problem(`${kind}${name === undefined ? '' : ` ${name}`}: ${wrong}. It is left out, because the API server refuses it.`);
    if (name === undefined) return problem(`${kind} without metadata.name: it is left out.`, kind === 'Kustomization' ? 'warning' : 'error');
    this.object(apiVersion, kind, name, text(metadata['namespace']), value, origin);
  }

  /** An object that is one, if policies look at its kind. */
  object(apiVersion: string, kind: string, name: string, namespace: string | undefined, body: LoadedObject['body'], origin: Origin): void {
    if (isLookedAt(apiVersion, kind, name)) this.take({ apiVersion, kind, name, namespace, body, origin });
  }

  /** An object that policies look at. */
  take(object: LoadedObject): void {
    const { apiVersion, kind, name, namespace } = object;
    const key = `${groupOf(apiVersion)} ${kind} ${namespace ?? ''} ${name}`;
    const before = this.#objects.get(key);
    if (before !== undefined) this.#repeated(before, object);
    // Where it stands in the input is where the last one stands.
    this.#objects.delete(key);
    this.#objects.set(key, object);
  }

  #repeated(before: LoadedObject, after: LoadedObject): void {
    const [first, last] = [before, after].map(({ origin }) => placeText(origin.file, origin.line));
    if (dialectOf(before) === undefined) this.#twice.push(`${nameOf(before)} in ${first} and ${last}`);
    else this.problem({ severity: 'warning', file: before.origin.file, line: before.origin.line, subject: nameOf(before), origin: before.origin, repeated: after.origin, message: `stands in ${last}, too, which is used instead` });
  }

  finish(): Loaded {
    const [first] = this.#twice;
    if (first !== undefined) {
      const [object] = this.#objects.values();
      this.problem({ severity: 'warning', file: object?.origin.file ?? '', line: undefined, message: `${this.#twice.length} ${this.#twice.length === 1 ? 'object that is no policy is' : 'objects that are no policies are'} in the input more than once (${first}${this.#twice.length === 1 ? '' : ', …'}); the last is used` });
    }
    return { objects: [...this.#objects.values()], problems: this.#problems };
  }
}

/** The objects of a text, in order, and what could not be read of it. */
export function readText(file: string, source: string): Loaded {
  const collector = new Collector();
  documentsOf(file, source, { document: (found) => collector.document(found), fault: (fault) => collector.fault(fault) });
  return collector.finish();
}
