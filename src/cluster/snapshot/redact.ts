/** One object as it goes into a snapshot: by allow-list of kind and field, and nothing else. */
import { isRecord } from '../fields.ts';
import { textFault } from '../manifests/metadata.ts';
import type { KubeObject, ObjectMeta } from '../objects.ts';
import { groupOf, type Catalogue, type KindSpec } from './catalogue.ts';
import { NEVER_READ } from './kinds-network.ts';
import { annotations, fields, list, map, pick, Picking, str, TooManyValues } from './shape.ts';
import { isPlainValue, looksSecret } from './values.ts';

const metadataShape = fields('name namespace uid generation# creationTimestamp deletionTimestamp', {
  labels: map(str),
  ownerReferences: list(fields('apiVersion kind name uid controller?')),
  finalizers: list(str),
  annotations,
});

/** Holds a copy of the whole object, secrets included (kubectl apply). */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** What became of an object: kept, or why not. */
export type Redacted = { object: KubeObject } | { left: 'unlisted' | 'never-read' | 'unneeded' | 'bad'; why: string };

/** Reduces objects to what the catalogue names. */
export class Redactor {
  readonly #kinds: Map<string, KindSpec>;
  readonly #catalogue: Catalogue;
  readonly #texts = new Map<string, string>();

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
    this.#kinds = new Map(catalogue.kinds.toReversed().map((spec) => [`${spec.group}/${spec.kind}`, spec]));
  }

  /** Whether objects of this kind are kept at all. */
  knows(apiVersion: string, kind: string): boolean {
    return this.#kinds.has(`${groupOf(apiVersion)}/${kind}`);
  }

  /** The kept part of an object as the API gives it. Never throws for bad input: says what is wrong. */
  redact(value: unknown): Redacted {
    if (!isRecord(value)) return { left: 'bad', why: 'expected an object with apiVersion, kind and metadata' };
    const { apiVersion, kind, metadata } = value;
    if (typeof apiVersion !== 'string' || typeof kind !== 'string') return { left: 'bad', why: 'apiVersion or kind is missing, or is no text' };
    if (NEVER_READ.has(kind)) return { left: 'never-read', why: `objects of kind ${kind} are never read` };
    if (!isRecord(metadata)) return { left: 'bad', why: `${kind} without metadata` };
    const spec = this.#kinds.get(`${groupOf(apiVersion)}/${kind}`);
    if (spec === undefined) return { left: 'unlisted', why: `kind ${kind} of ${apiVersion} says nothing that is used` };
    if (spec.when?.(value) === false) return { left: 'unneeded', why: `this ${kind} says nothing that is used` };
    if (typeof metadata['name'] !== 'string' || metadata['name'] === '') {
      const pattern = typeof metadata['generateName'] === 'string' ? `${kind} without a name: it is a pattern for objects to come (generateName)` : `${kind} without metadata.name`;
      const fault = textFault({ name: metadata['name'] });
      return { left: 'bad', why: fault === undefined ? pattern : `${kind}: ${fault}` };
    }
    const picking = new Picking((name, text) => this.#keepEnv(name, text), (name, text) => this.#keepAnnotation(name, text), this.#texts);
    try {
      const kept: KubeObject = { apiVersion, kind, metadata: pick(metadataShape, metadata, picking) as ObjectMeta };
      for (const [name, shape] of Object.entries(spec.keep)) {
        const part = pick(shape, value[name], picking);
        // Every object of the API has one; readers need not ask.
        if (part !== undefined || name === 'spec') kept[name] = part ?? {};
      }
      if (kind === 'ConfigMap') kept['data'] = this.#keepData(metadata['name'], value['data']);
      return { object: kept };
    } catch (error) {
      if (error instanceof TooManyValues) return { left: 'bad', why: `${kind} ${metadata['name']} has ${error.message}: YAML aliases that blow up, most likely` };
      throw error;
    }
  }

  #keepEnv(name: string, text: string): string | undefined {
    const spec = this.#catalogue.env.find((one) => one.name.test(name));
    if (spec === undefined || looksSecret(text)) return undefined;
    return spec.words?.includes(text) === true || isPlainValue(text) ? text : undefined;
  }

  #keepAnnotation(name: string, text: string): string | undefined {
    const spec = name === LAST_APPLIED ? undefined : this.#catalogue.annotations.find((one) => one.name.test(name));
    const kept = spec?.keep === undefined ? text : spec.keep(text);
    return spec === undefined || kept === undefined || looksSecret(kept) ? undefined : kept.slice(0, 8192);
  }

  #keepData(name: string, data: unknown): Record<string, string> {
    const kept: Record<string, string> = {};
    for (const [key, text] of Object.entries(isRecord(data) ? data : {})) {
      const spec = this.#catalogue.configMaps.find((one) => one.name.test(name) && one.key.test(key));
      const part: unknown = spec === undefined || typeof text !== 'string' ? undefined : spec.keep(text);
      if (part !== undefined) kept[key] = typeof part === 'string' ? part : JSON.stringify(part);
    }
    return kept;
  }
}
