/** Finds the line of a field in its document: the document is read again with its places, only when somebody asks. */
import { isMap, isNode, isPair, isSeq, LineCounter, parseDocument } from 'yaml';
import { placeText, type Origin, type Path } from './origin.ts';
import { ELSEWHERE } from './plain-scalar.ts';
import { plainYaml } from './plain-yaml.ts';

/** Where a value stands, and what is written below it on lines of its own. */
interface Place {
  /** 0-based, in the text. */
  line: number;
  parts: Map<string, Place> | undefined;
}

const cache = new Map<string, Place>();
/** Characters of the documents whose places are kept; they take about ten bytes for each. The oldest make room and are read again when they are asked for. */
const KEPT_CHARS = 16 * 1024 * 1024;
let keptChars = 0;

/** Lint asks for the fields of every policy, one rule after the other: each is read once. */
function placesOf(text: string): Place {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const fresh = plainPlaces(text) ?? libraryPlaces(text);
  for (const [oldest] of cache) {
    if (keptChars + text.length <= KEPT_CHARS) break;
    cache.delete(oldest);
    keptChars -= oldest.length;
  }
  cache.set(text, fresh);
  keptChars += text.length;
  return fresh;
}

/** The places of a document in the plain part of YAML; undefined for every other. */
function plainPlaces(text: string): Place | undefined {
  const below = new Map<unknown, Map<string, Place>>();
  const value = plainYaml(text, (of, part, line, inner) => {
    const [own, parts] = [below.get(of) ?? new Map<string, Place>(), below.get(inner)];
    // An item begins where the first of its own parts does, which may be in the line after the dash.
    own.set(part, { line: Array.isArray(of) ? firstLine(parts) ?? line : line, parts });
    below.set(of, own);
  });
  const parts = below.get(value);
  return value === ELSEWHERE || parts === undefined ? undefined : { line: firstLine(parts) ?? 0, parts };
}

const firstLine = (parts: Map<string, Place> | undefined): number | undefined => parts?.values().next().value?.line;

/** The same by the library, which takes fifty times as long. */
function libraryPlaces(text: string): Place {
  const lines = new LineCounter();
  const { contents } = parseDocument(text, { lineCounter: lines, version: '1.1', merge: true, logLevel: 'silent' });
  const lineAt = (node: unknown, otherwise: number): number => (isNode(node) && node.range ? lines.linePos(node.range[0]).line - 1 : otherwise);
  const place = (node: unknown, line: number): Place => {
    const parts = new Map<string, Place>();
    // Of a key that is there twice the first counts.
    if (isMap(node)) for (const item of node.items) if (isPair(item) && !parts.has(String(item.key))) parts.set(String(item.key), place(item.value, lineAt(item.key, line)));
    if (isSeq(node)) for (const [index, item] of node.items.entries()) if (isNode(item)) parts.set(String(index), place(item, lineAt(item, line)));
    return { line, parts: parts.size === 0 ? undefined : parts };
  };
  return place(contents, lineAt(contents, 0));
}

/** 1-based line in the file of the deepest part of the path that is written there; undefined where the object is from no file. */
export function lineOf(origin: Origin, path: Path): number | undefined {
  if (origin.written === undefined) return origin.line;
  let place = placesOf(origin.written.text);
  for (const part of [...origin.written.within, ...path]) {
    const next = place.parts?.get(String(part));
    if (next === undefined) break;
    place = next;
  }
  return origin.written.line + place.line;
}

/** `FILE:LINE` of a field. */
export function fieldPlace(origin: Origin, path: Path): string {
  return placeText(origin.file, lineOf(origin, path));
}
