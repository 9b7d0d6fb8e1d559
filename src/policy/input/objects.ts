/** Makes Kubernetes objects of the text of a file; each broken document becomes a problem with its line. */
import { boolYaml11Tag, CORE_SCHEMA, load, mergeTag, YAMLException } from 'js-yaml';
import { splitDocuments, type Document } from './documents.ts';
import type { LoadedObject, Path, Problem } from './object.ts';
import { ELSEWHERE } from './plain-scalar.ts';
import { plainYaml } from './plain-yaml.ts';

/**
 * What kubectl reads: YAML 1.2's core types, but with the booleans of YAML 1.1 (`on`, `yes`), because
 * sigs.k8s.io/yaml still has them, and no time stamps.
 */
const SCHEMA = CORE_SCHEMA.withTags(mergeTag, boolYaml11Tag);

/** A document by the library, in kubectl's types. */
export const loadYaml = (text: string): unknown => load(text, { schema: SCHEMA });

export interface Loaded {
  objects: LoadedObject[];
  problems: Problem[];
}

export interface SourceText {
  file: string;
  text: string;
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** The first field of metadata that must be a text and is not, with its value. */
function notText(metadata: Readonly<Record<string, unknown>>): string | undefined {
  const labels = isMap(metadata['labels']) ? Object.entries(metadata['labels']).map(([key, value]) => [`labels.${key}`, value] as const) : [];
  const [found] = [['name', metadata['name']] as const, ['namespace', metadata['namespace']] as const, ...labels].filter(([, value]) => value !== undefined && value !== null && typeof value !== 'string');
  return found === undefined ? undefined : `metadata.${found[0]} is ${JSON.stringify(found[1])}`;
}

/** JSON is read as such, because it is faster; what JSON.parse refuses may still be YAML in flow style. */
function parse(document: Document): unknown {
  if (/^\s*[{[]/.test(document.text)) {
    try {
      return JSON.parse(document.text) as unknown;
    } catch {
      // Then it is YAML, or YAML's message says what is wrong.
    }
  }
  const plain = plainYaml(document.text);
  return plain === ELSEWHERE ? loadYaml(document.text) : plain;
}

/** Collects the objects of one document: itself, or the items of a List (also `PodList` and the like, as the API answers). */
function collect(value: unknown, document: Document, file: string, within: Path, into: Loaded): void {
  const problem = (message: string, severity: Problem['severity'] = 'error'): void => void into.problems.push({ severity, file, line: document.line, message });
  if (value === null || value === undefined) return;
  const at = within.length === 0 ? 'The document' : `Item ${String(within.at(-1))} of the list`;
  if (!isMap(value)) return problem(`${at} is no Kubernetes object: expected a mapping with apiVersion and kind.`);
  const [apiVersion, kind] = [text(value['apiVersion']), text(value['kind'])];
  if (apiVersion === undefined || kind === undefined) return problem(`${at} is no Kubernetes object: it has no ${apiVersion === undefined ? 'apiVersion' : 'kind'}. It is left out.`, 'warning');
  const items = value['items'];
  if (kind.endsWith('List') && Array.isArray(items)) {
    items.forEach((item: unknown, index) => {
      // Items of a typed list as the API server answers carry no kind of their own.
      const whole = isMap(item) && kind !== 'List' ? { apiVersion, kind: kind.slice(0, -4), ...item } : item;
      collect(whole, document, file, [...within, 'items', index], into);
    });
    return;
  }
  const metadata = isMap(value['metadata']) ? value['metadata'] : {};
  const name = text(metadata['name']) ?? text(metadata['generateName']);
  const wrong = notText(metadata);
  if (wrong !== undefined) return problem(`${kind}${name === undefined ? '' : ` ${name}`}: ${wrong}, which is no text: it is left out, because the API server refuses it. Unquoted y, n, yes, no, on and off are booleans to kubectl.`);
  if (name === undefined) return problem(`${kind} without metadata.name: it is left out.`, kind === 'Kustomization' ? 'warning' : 'error');
  into.objects.push({ apiVersion, kind, name, namespace: text(metadata['namespace']), body: value, origin: { file, line: document.line, text: document.text, within } });
}

/** The objects of a file's text, in order, and what could not be read of it. */
export function readObjects(sources: readonly SourceText[]): Loaded {
  const loaded: Loaded = { objects: [], problems: [] };
  for (const { file, text: whole } of sources) {
    for (const document of splitDocuments(whole)) {
      try {
        collect(parse(document), document, file, [], loaded);
      } catch (error) {
        if (!(error instanceof YAMLException)) throw error;
        const line = document.line + (error.mark?.line ?? 0);
        loaded.problems.push({ severity: 'error', file, line, message: `This is not YAML: ${error.reason}. The document that begins in line ${document.line} is left out.` });
      }
    }
  }
  return loaded;
}
