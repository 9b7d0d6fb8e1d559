/** Objects of files: what is taken, what is told with its place, what counts of what is there twice. */
import { describe, expect, it } from 'vitest';
import { lineOf } from '../../cluster/manifests/position.ts';
import { problemText } from './object.ts';
import { readText, type Loaded } from './objects.ts';

const read = (text: string): Loaded => readText('a.yaml', text);
const pod = (name: string): string => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n`;

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
    const { objects, problems } = read(`${pod('a')}---\napiVersion: v1\nkind: [\n---\n${pod('b')}`);
    expect(objects.map((one) => one.name)).toEqual(['a', 'b']);
    expect(problems.map(problemText)).toEqual([expect.stringMatching(/^a\.yaml:[78]: error: not valid YAML: .*; the document that begins in line 6 is left out\.$/)]);
  });

  it.each([
    ['- 1\n', /is no Kubernetes object: expected a mapping/],
    ['a: 1\n', /it has no apiVersion/],
    ['apiVersion: v1\nspec: {}\n', /it has no kind/],
    ['apiVersion: v1\nkind: Pod\n', /Pod without metadata\.name/],
    ['apiVersion: v1\nkind: Pod\nmetadata: {name: y}\n', /Pod: metadata\.name is true, which is no text/],
    ['apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: n}\n', /Pod a: metadata\.namespace is false/],
    ['apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {v: 1.0}}\n', /Pod a: metadata\.labels\.v is 1, which is no text/],
    ['apiVersion: v1\nkind: List\nitems: [7]\n', /This is no Kubernetes object: expected a mapping/],
  ])('%j is reported', (text, message) => {
    const { objects, problems } = read(text);
    expect(objects).toEqual([]);
    expect(problems[0]?.message).toMatch(message);
  });

  it('are those that policies look at, and of a kind that is no known policy the name is kept', () => {
    const kinds = ['v1 Secret', 'v1 ConfigMap', 'apps/v1 Deployment', 'extensions/v1beta1 NetworkPolicy', 'policy.networking.k8s.io/v1 NewPolicy', 'kyverno.io/v1 ClusterPolicy'];
    const { objects } = read(kinds.map((one) => `apiVersion: ${one.split(' ')[0]}\nkind: ${one.split(' ')[1]}\nmetadata: {name: a}\n`).join('---\n'));
    expect(objects.map((one) => one.kind)).toEqual(['Deployment', 'NetworkPolicy', 'NewPolicy']);
  });

  it('that are there twice count as the last says, and it is told', () => {
    const policy = (labels: string): string => `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: s}\nspec: {podSelector: {${labels}}}\n`;
    const { objects, problems } = read(`${pod('a')}---\n${policy('')}---\n${pod('a')}---\n${policy('matchLabels: {a: b}')}`);
    expect(objects.map((one) => [one.kind, one.origin.line])).toEqual([['Pod', 11], ['NetworkPolicy', 16]]);
    expect(problems.map(problemText)).toEqual([
      'a.yaml:6: warning: NetworkPolicy s/p: stands in a.yaml:16, too, which is used instead',
      'a.yaml: warning: 1 object that is no policy is in the input more than once (Pod a in a.yaml:1 and a.yaml:11); the last is used',
    ]);
  });

  it('of JSON and of YAML in flow style, one after the other', () => {
    const json = (name: string): string => JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name } }, null, 1);
    expect(read(`${json('a')}\n---\n${json('b')}\n${json('c')}\n`).objects.map((one) => [one.name, one.origin.line])).toEqual([['a', 1], ['b', 9], ['c', 16]]);
    expect(read("{apiVersion: v1, kind: Pod, metadata: {name: 'a}'}}\n---\nkind: Pod\napiVersion: v1\nmetadata: {name: b}\n").objects.map((one) => one.name)).toEqual(['a}', 'b']);
    expect(read(`${json('a')}\n--\n`).problems.map(problemText)).toEqual([expect.stringContaining('expected a JSON object here, but there is "--\\n"')]);
  });

  it('have the booleans of kubectl and no dates', () => {
    const { objects } = read('apiVersion: v1\nkind: Node\nmetadata: {name: a}\nspec: {on: yes, day: 2026-01-01, text: "yes"}\n');
    expect(objects[0]?.body['spec']).toEqual({ true: true, day: '2026-01-01', text: 'yes' });
  });
});

describe('positions', () => {
  it('are those of the deepest part that is written', () => {
    const { objects } = read(`---\n${pod('z')}---\n# c\nspec:\n  rules:\n  - from: []\n  - {from: [1,\n      2]}\n${pod('b')}`);
    const origin = objects[1]?.origin;
    if (origin === undefined) throw new Error('no second object');
    const line = (...path: (string | number)[]): number | undefined => lineOf(origin, path);
    expect([line('spec'), line('spec', 'rules', 0), line('spec', 'rules', 1, 'from', 1), line('spec', 'rules', 1, 'ports'), line('metadata', 'name')]).toEqual([8, 10, 12, 11, 16]);
  });
});
