/** Splitting finds what a parser of whole documents finds, wherever the stream is cut, and remembers the lines. */
import fc from 'fast-check';
import { dump, loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import type { Chunk } from './chunk.ts';
import { InputError } from './input-error.ts';
import { objectLine, parseChunk } from './parse.ts';
import { readChunks } from './read-text.ts';

/** A stream that comes in pieces of `size` bytes. */
async function* pieces(text: string | Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function split(text: string | Uint8Array, size = 7): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const some of readChunks('in', pieces(text, size))) chunks.push(...some);
  return chunks;
}

/** Documents put together again from what a sequence `items` of their own was cut into. */
function joined(chunks: Chunk[]): unknown[] {
  let items: unknown[] = [];
  return chunks.flatMap((chunk) => {
    const value = parseChunk(chunk, 'in');
    if (chunk.role === 'item') items.push(value);
    if (chunk.role === 'item') return [];
    const document = chunk.role === 'header' && items.length > 0 ? [{ ...(value as object), items }] : [value];
    items = [];
    return document;
  });
}

const summary = (chunks: Chunk[]): unknown[] => chunks.map((chunk) => [chunk.role, objectLine(chunk), parseChunk(chunk, 'in')]);

describe('YAML', () => {
  it('documents, with comments before them and text behind the marker', async () => {
    expect(summary(await split('# first\n\nkind: A\n---\n# none\n---\n--- {kind: B}\n...\nkind: C\n'))).toEqual([
      ['document', 3, { kind: 'A' }],
      ['document', 7, { kind: 'B' }],
      ['document', 9, { kind: 'C' }],
    ]);
  });

  it('a list as kubectl prints it, and what follows', async () => {
    const text = 'apiVersion: v1\nitems:\n- kind: A\n  text: |\n    - no item\n    ---x\n\n- kind: B\n# remark\n- kind: C\nkind: List\nmetadata:\n  x: 1\n---\nkind: D\n';
    expect(summary(await split(text))).toEqual([
      ['item', 3, { kind: 'A', text: '- no item\n---x\n' }],
      ['item', 8, { kind: 'B' }],
      ['item', 10, { kind: 'C' }],
      ['header', 1, { apiVersion: 'v1', kind: 'List', metadata: { x: 1 } }],
      ['document', 15, { kind: 'D' }],
    ]);
  });

  it.each([
    ['indented items', 'items:\n  - kind: A\n    l:\n    - 1\n  -\n    kind: B\nkind: List\n', [['item', 2, { kind: 'A', l: [1] }], ['item', 5, { kind: 'B' }], ['header', 1, { kind: 'List' }]]],
    ['no items', 'items: []\nkind: List\n', [['document', 1, { items: [], kind: 'List' }]]],
    ['items that are no sequence', 'items:\n  a: 1\nkind: X\n', [['header', 1, { items: { a: 1 }, kind: 'X' }]]],
    ['items at the end without a last newline', 'kind: List\nitems:\n- kind: A', [['item', 3, { kind: 'A' }], ['header', 1, { kind: 'List' }]]],
    ['Windows line ends', 'kind: List\r\nitems:\r\n- kind: A\r\n---\r\nkind: B\r\n', [['item', 3, { kind: 'A' }], ['header', 1, { kind: 'List' }], ['document', 5, { kind: 'B' }]]],
    ['a byte order mark', '\ufeffkind: A\n', [['document', 1, { kind: 'A' }]]],
    ['nothing', '\n# only this\n---\n', []],
  ])('%s', async (_what, text, expected) => expect(summary(await split(text))).toEqual(expected));

  it('finds the same objects as a parser of the whole, in pieces of any size', async () => {
    const scalar = fc.oneof(fc.string(), fc.constantFrom('- x', '---', '...', 'items:', '#', 'a\n- b\n---\n', '\n\n  - c'), fc.integer(), fc.boolean());
    const object = fc.dictionary(fc.constantFrom('a', 'b', 'items', 'kind'), fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), fc.dictionary(fc.constantFrom('x', 'y'), scalar, { noNullPrototype: true })), { minKeys: 1, noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(fc.array(object, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 40 }), fc.boolean(), async (objects, size, asList) => {
        const text = asList ? dump({ apiVersion: 'v1', items: objects, kind: 'List' }) : objects.map((one) => `---\n${dump(one)}`).join('');
        const chunks = await split(text, size);
        const whole = asList ? (loadAll(text)[0] as { items: unknown[] }).items : loadAll(text);
        expect(asList ? chunks.filter((chunk) => chunk.role === 'item').map((chunk) => parseChunk(chunk, 'in')) : joined(chunks)).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });
});

describe('JSON', () => {
  const objects = fc.array(fc.dictionary(fc.constantFrom('a', 'items', 'k"\\'), fc.jsonValue(), { noNullPrototype: true }), { maxLength: 4 }).map((made) => JSON.parse(JSON.stringify(made)) as Record<string, unknown>[]); // no -0, which JSON does not write
  it('finds the same objects as JSON.parse, in pieces of any size, in lists, arrays and lines', async () => {
    await fc.assert(
      fc.asyncProperty(objects, fc.integer({ min: 1, max: 30 }), fc.constantFrom('list', 'array', 'lines'), fc.constantFrom(undefined, 1), async (made, size, way, space) => {
        const text = way === 'list' ? JSON.stringify({ apiVersion: 'v1', items: made, kind: 'List' }, null, space) : way === 'array' ? JSON.stringify(made, null, space) : made.map((one) => `${JSON.stringify({ a: one }, null, space)}\n`).join('');
        const chunks = await split(text, size);
        const found = chunks.filter((chunk) => chunk.role !== 'header').map((chunk) => parseChunk(chunk, 'in'));
        expect(found).toEqual(way === 'lines' ? made.map((one) => ({ a: one })) : made);
        expect(chunks.filter((chunk) => chunk.role === 'header').map((chunk) => parseChunk(chunk, 'in'))).toEqual(way === 'list' ? [{ apiVersion: 'v1', items: [], kind: 'List' }] : []);
      }),
      { numRuns: 300 },
    );
  });

  it('remembers lines', async () => {
    expect(summary(await split('{\n "kind": "List",\n "items": [\n  {"kind": "A"},\n  {\n   "kind": "B"}\n ]\n}\n{"kind":"C"}')).map((one) => (one as unknown[])[1])).toEqual([4, 5, 1, 9]);
  });
});

describe('refuses', () => {
  it.each([
    ['a cut off JSON file', '{"kind": "List", "items": [{"a": 1}', 'in:1: the file ends inside of a JSON object'],
    ['text after JSON', '{"kind": "A"}\nnonsense', 'in:2: expected a JSON object here'],
    ['a bracket too much', '{"kind": "A"}}', 'in:1: there is a } that closes nothing'],
    ['wrong YAML, with its line', 'kind: A\n---\nkind: B\nb: ]\n', 'in:4: not valid YAML'],
    ['wrong JSON, with its line', '{"kind": "A",\n"b": 1,,}', 'in:2: not valid JSON'],
    ['files put together without ---', 'kind: A\nname: x\nkind: B\n', 'in:3: not valid YAML: duplicated mapping key'],
    ['a zero byte', 'kind: A\n\0', 'no text'],
    ['an object that is too large', `kind: A\ntext: ${'x'.repeat(5 * 1024 ** 2)}\n`, 'in:1: this object is longer than 4 MiB'],
    ['a JSON object that is too large', `{"kind": "${'x'.repeat(5 * 1024 ** 2)}"}`, 'in:1: this object is longer than 4 MiB'],
    ['nesting without end', `a: ${'['.repeat(2000)}`, 'in:1: not valid YAML'],
    ['a template', 'kind: {{ .Values.kind }}\n', 'not valid YAML'],
    ['many aliases', `a: &a x\nb: [${'*a,'.repeat(1001)}]`, 'not valid YAML'],
  ])('%s', async (_what, text, message) => {
    const read = async (): Promise<unknown> => (await split(text, 64 * 1024)).map((chunk) => parseChunk(chunk, 'in'));
    await expect(read()).rejects.toThrow(message);
    await expect(read()).rejects.toBeInstanceOf(InputError);
  });

  it('bytes that are no UTF-8, after a line that is', async () => {
    await expect(split(new Uint8Array([107, 58, 32, 97, 10, 0xff, 0xfe]), 5)).rejects.toThrow('in:2: on this line or a later one are bytes that are no UTF-8 text');
  });
});
