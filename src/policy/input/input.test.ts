import { load as loadYaml, loadAll } from 'js-yaml';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitDocuments } from './documents.ts';
import { problemText } from './object.ts';
import { readObjects } from './objects.ts';
import { lineOf } from './position.ts';

const read = (text: string): ReturnType<typeof readObjects> => readObjects([{ file: 'a.yaml', text }]);
const config = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

describe('splitting a stream', () => {
  it('gives each document its line, and keeps what stands behind a marker', () => {
    expect(splitDocuments('# nothing\n---\na: 1\n---\n---\n# only this\n--- {b: 2}\n...\n').map((one) => [one.line, loadYaml(one.text)])).toEqual([[3, { a: 1 }], [7, { b: 2 }]]);
  });

  it('does not split inside scalars, nor at longer runs of dashes', () => {
    expect(splitDocuments('a: |\n  ---\n  b\nc: "x\n  --- y"\nd:\n----: 1\n')).toHaveLength(1);
  });

  it('finds what the library finds in the whole stream', () => {
    const value = fc.oneof(fc.constant('a: 1'), fc.constant('- x\n- y'), fc.constant('a: |\n  --- t\n  ...\nb: 2'), fc.constant('{q: [1]}'), fc.constant('# c\na: ---'));
    fc.assert(fc.property(fc.array(value, { minLength: 1 }), fc.constantFrom('\n', '\r\n'), (values, end) => {
      const stream = values.map((one) => `---\n${one}\n`).join('').replaceAll('\n', end);
      expect(splitDocuments(stream).map((one) => loadYaml(one.text))).toEqual(loadAll(stream));
    }));
  });
});

describe('objects', () => {
  it('come from lists, typed lists and JSON, with their place', () => {
    const list = 'apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Pod\n    metadata: {name: a}\n  - apiVersion: v1\n    kind: Pod\n    metadata:\n      name: b\n';
    const typed = JSON.stringify({ apiVersion: 'v1', kind: 'PodList', items: [{ metadata: { name: 'c', namespace: 'n' } }] });
    const { objects, problems } = read(`${list}---\n${typed}`);
    expect(problems).toEqual([]);
    expect(objects.map((one) => [one.kind, one.namespace, one.name])).toEqual([['Pod', undefined, 'a'], ['Pod', undefined, 'b'], ['Pod', 'n', 'c']]);
    expect(objects.map((one) => lineOf(one.origin, ['metadata', 'name']))).toEqual([6, 10, 12]);
  });

  it('survive a broken neighbour, which is named by file and line', () => {
    const { objects, problems } = read(`${config('a')}---\napiVersion: v1\nkind: [\n---\n${config('b')}`);
    expect(objects.map((one) => one.name)).toEqual(['a', 'b']);
    expect(problems.map(problemText)).toEqual([expect.stringMatching(/^a\.yaml:[78]: error: This is not YAML: .*\. The document that begins in line 6 is left out\.$/)]);
  });

  it.each([
    ['- 1\n', /is no Kubernetes object: expected a mapping/],
    ['a: 1\n', /it has no apiVersion/],
    ['apiVersion: v1\nspec: {}\n', /it has no kind/],
    ['apiVersion: v1\nkind: Pod\n', /Pod without metadata\.name/],
    ['apiVersion: v1\nkind: Pod\nmetadata: {name: y}\n', /Pod: metadata\.name is true, which is no text/],
    ['apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: n}\n', /Pod a: metadata\.namespace is false/],
    ['apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {v: 1.0}}\n', /Pod a: metadata\.labels\.v is 1, which is no text/],
    ['apiVersion: v1\nkind: List\nitems: [7]\n', /Item 0 of the list is no Kubernetes object/],
  ])('%j is reported', (text, message) => {
    const { objects, problems } = read(text);
    expect(objects).toEqual([]);
    expect(problems[0]?.message).toMatch(message);
  });

  it('have the booleans of kubectl and no dates', () => {
    const { objects } = read('apiVersion: v1\nkind: X\nmetadata: {name: a}\nspec: {on: yes, day: 2026-01-01, text: "yes"}\n');
    expect(objects[0]?.body['spec']).toEqual({ true: true, day: '2026-01-01', text: 'yes' });
  });
});

describe('positions', () => {
  it('are those of the deepest part that is written', () => {
    const { objects } = read(`---\n${config('a')}---\n# c\nspec:\n  rules:\n  - from: []\n  - {from: [1,\n      2]}\n${config('b')}`);
    const origin = objects[1]?.origin;
    if (origin === undefined) throw new Error('no second object');
    const line = (...path: (string | number)[]): number => lineOf(origin, path);
    expect([line('spec'), line('spec', 'rules', 0), line('spec', 'rules', 1, 'from', 1), line('spec', 'rules', 1, 'ports'), line('metadata', 'name')]).toEqual([8, 10, 12, 11, 16]);
  });
});
