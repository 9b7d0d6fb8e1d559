/** What is kept of a value, as data: everything that a shape does not name is left out. */
import { isRecord } from '../fields.ts';
import { MAX_VALUES } from './limits.ts';
import { looksSecret, namesSecret } from './values.ts';

/** Longest text that is kept; nothing of networking is longer. */
const MAX_TEXT = 4096;
const MAX_DEPTH = 24;
/** Texts that are shared between objects; a large cluster has some ten thousand. */
const MAX_TEXTS = 200_000;

/** A rule for one value. */
export type Shape =
  | { is: 'scalar' | 'text' | 'number' | 'flag' }
  | { is: 'tree' }
  | { is: 'list'; of: Shape }
  | { is: 'map'; of: Shape }
  | { is: 'fields'; of: Readonly<Record<string, Shape>> }
  | { is: 'env' }
  | { is: 'annotations' }
  | { is: 'special'; keep: (value: unknown) => unknown };

/** A text, number or boolean. */
const scalar: Shape = { is: 'scalar' };
/** A text; YAML's numbers and booleans are taken for what they were written as. */
export const str: Shape = { is: 'text' };
const TYPES: Readonly<Record<string, Shape>> = { '#': { is: 'number' }, '?': { is: 'flag' }, '*': scalar };
/** Everything below, but for fields that are named like secrets: for selectors, rules and the like, which are all names and addresses. */
export const tree: Shape = { is: 'tree' };
export const list = (of: Shape): Shape => ({ is: 'list', of });
/** An object whose keys are data, such as labels. */
export const map = (of: Shape): Shape => ({ is: 'map', of });
/** What `keep` makes of it; undefined leaves it out. */
export const special = (keep: (value: unknown) => unknown): Shape => ({ is: 'special', keep });
/** Environment variables of a container: names, and values as the catalogue allows. */
export const env: Shape = { is: 'env' };
/** Annotations, as the catalogue allows. */
export const annotations: Shape = { is: 'annotations' };
/** Only that it is there: an empty object. */
export const presence: Shape = special((value) => (value === null || value === undefined ? undefined : {}));

/**
 * An object of which `plain` (names with blanks between them) and the fields of `rest` are kept. A name stands for a
 * text, with `#` behind it for a number, with `?` for a boolean, with `*` for any of them. Values of other types, which
 * the API server would refuse, are left out, so that readers of snapshots need not expect them.
 */
export function fields(plain: string, rest: Readonly<Record<string, Shape>> = {}): Shape {
  const named = plain.split(' ').filter((name) => name !== '').map((name) => {
    const type = TYPES[name.slice(-1)];
    return type === undefined ? ([name, str] as const) : ([name.slice(0, -1), type] as const);
  });
  return { is: 'fields', of: { ...Object.fromEntries(named), ...rest } };
}

/** A selector of labels, as kinds of Kubernetes have it. */
export const labelSelector: Shape = {
  is: 'fields',
  of: { matchLabels: map(str), matchExpressions: list(fields('key operator', { values: list(str) })) },
};

/** More values than one object may have: an alias bomb, most likely. */
export class TooManyValues extends Error {}

/** One object's picking: what the catalogue says of names, and how many values may still be kept. */
export class Picking {
  /** The kept text of an environment variable or an annotation; undefined leaves it out. */
  readonly keepEnv: (name: string, value: string) => string | undefined;
  readonly keepAnnotation: (name: string, value: string) => string | undefined;
  #left = MAX_VALUES;
  readonly #texts: Map<string, string>;

  /** `texts` is shared by all objects of a snapshot. */
  constructor(keepEnv: Picking['keepEnv'], keepAnnotation: Picking['keepAnnotation'], texts = new Map<string, string>()) {
    this.#texts = texts;
    this.keepEnv = keepEnv;
    this.keepAnnotation = keepAnnotation;
  }

  /**
   * The text as a copy of its own, the same one for equal texts. V8 makes texts that were cut out of others point into
   * those, so that a name of a few letters would keep the whole dump in memory.
   */
  own(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const copy = Buffer.from(text, 'utf8').toString('utf8');
    if (this.#texts.size < MAX_TEXTS) this.#texts.set(copy, copy);
    return copy;
  }

  /** Errors: TooManyValues. */
  spend(): void {
    if (this.#left-- <= 0) throw new TooManyValues(`more than ${MAX_VALUES} values`);
  }
}

/** The part of a value that the shape names; undefined when nothing is left. Errors: TooManyValues. */
export function pick(shape: Shape, value: unknown, picking: Picking, depth = 0): unknown {
  picking.spend();
  if (value === undefined || value === null || depth > MAX_DEPTH) return undefined;
  switch (shape.is) {
    case 'scalar': return pickScalar(value, picking);
    case 'text': return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value === 'string' ? pickScalar(value, picking) : undefined;
    case 'number': return typeof value === 'number' ? value : undefined;
    case 'flag': return typeof value === 'boolean' ? value : undefined;
    case 'special': return ownTexts(shape.keep(value), picking);
    case 'env': return Array.isArray(value) ? value.flatMap((one) => pickEnv(one, picking)) : undefined;
    case 'annotations': return isRecord(value) ? pickAnnotations(value, picking) : undefined;
    case 'tree': return pickTree(value, picking, depth);
    case 'list': return Array.isArray(value) ? value.flatMap((one) => pick(shape.of, one, picking, depth + 1) ?? []) : undefined;
    case 'map': return isRecord(value) ? pickEntries(Object.keys(value), value, () => shape.of, picking, depth) : undefined;
    case 'fields': return isRecord(value) ? pickEntries(Object.keys(shape.of), value, (name) => shape.of[name] ?? str, picking, depth) : undefined;
  }
}

/** A variable without its value where that is not allowed: that it is set counts, too. */
function pickEnv(one: unknown, picking: Picking): Record<string, unknown>[] {
  picking.spend();
  if (!isRecord(one) || typeof one['name'] !== 'string' || looksSecret(one['name'])) return [];
  const { name, value, valueFrom } = one;
  const fieldPath = isRecord(valueFrom) && isRecord(valueFrom['fieldRef']) ? valueFrom['fieldRef']['fieldPath'] : undefined;
  const kept = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? picking.keepEnv(name, String(value)) : undefined;
  return [{ name: picking.own(name), ...(kept === undefined ? {} : { value: picking.own(kept) }), ...(typeof fieldPath === 'string' ? { valueFrom: { fieldRef: { fieldPath } } } : {}) }];
}

function pickAnnotations(value: Record<string, unknown>, picking: Picking): Record<string, string> | undefined {
  const kept: Record<string, string> = {};
  for (const [name, text] of Object.entries(value)) {
    picking.spend();
    const one = typeof text === 'string' ? picking.keepAnnotation(name, text) : undefined;
    if (one !== undefined && name !== '__proto__') kept[name] = picking.own(one);
  }
  return Object.keys(kept).length === 0 ? undefined : kept;
}

function ownTexts(kept: unknown, picking: Picking): unknown {
  if (typeof kept === 'string') return picking.own(kept);
  return Array.isArray(kept) ? kept.map((one: unknown) => (typeof one === 'string' ? picking.own(one) : one)) : kept;
}

function pickEntries(names: readonly string[], value: Record<string, unknown>, shapeOf: (name: string) => Shape, picking: Picking, depth: number): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of names) {
    if (!Object.hasOwn(value, name) || name === '__proto__') continue;
    const one = pick(shapeOf(name), value[name], picking, depth + 1);
    if (one !== undefined) kept[name] = one;
  }
  return kept;
}

function pickTree(value: unknown, picking: Picking, depth: number): unknown {
  if (Array.isArray(value)) return value.flatMap((one) => pick(tree, one, picking, depth + 1) ?? []);
  if (!isRecord(value)) return pickScalar(value, picking);
  return pickEntries(Object.keys(value).filter((name) => !namesSecret(name)), value, () => tree, picking, depth);
}

function pickScalar(value: unknown, picking: Picking): unknown {
  if (typeof value === 'string') return value.length <= MAX_TEXT && !looksSecret(value) ? picking.own(value) : undefined;
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}
