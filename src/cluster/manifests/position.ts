/** Finds the line of a field in its document: the document is read again with positions, only when somebody asks. */
import { isMap, isNode, isPair, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import { placeText, type Origin, type Path } from './origin.ts';

interface Read {
  document: Document;
  lines: LineCounter;
}

const cache = new Map<string, Read>();
/** Documents kept; more are read again when they are asked for. */
const KEPT = 2_000;

/** Explaining many pairs asks for the same few policies. */
function documentOf(text: string): Read {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const lines = new LineCounter();
  const fresh = { document: parseDocument(text, { lineCounter: lines, version: '1.1', merge: true, logLevel: 'silent' }), lines };
  if (cache.size >= KEPT) cache.clear();
  cache.set(text, fresh);
  return fresh;
}

/** 1-based line in the file of the deepest part of the path that is written there; undefined where the object is from no file. */
export function lineOf(origin: Origin, path: Path): number | undefined {
  if (origin.written === undefined) return origin.line;
  const { document, lines } = documentOf(origin.written.text);
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const part of [...origin.written.within, ...path]) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && String(item.key) === String(part));
      if (pair === undefined) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      if (!isNode(node)) break;
      offset = node.range?.[0] ?? offset;
    } else break;
  }
  return origin.written.line + lines.linePos(offset).line - 1;
}

/** `FILE:LINE` of a field. */
export function fieldPlace(origin: Origin, path: Path): string {
  return placeText(origin.file, lineOf(origin, path));
}
