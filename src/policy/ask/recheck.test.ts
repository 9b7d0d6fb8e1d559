import { describe, expect, it } from 'vitest';
import { readText } from '../input/objects.ts';
import { readState, StateReader } from '../state.ts';
import { compile } from '../compile/engine.ts';
import { Session } from '../watch/session.ts';
import { diff } from './diff.ts';
import { diffText, type DiffFormat } from './diff-text.ts';

const pod = (app: string, number: number, ip: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${app}-${number}, namespace: n1, labels: {app: ${app}}, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: ${app}, controller: true}]}\nspec: {containers: [{name: x}]}\nstatus: {podIP: ${ip}}\n---\n`;
/** Two replicas of each of three workloads, each with its own address, so that in the finest classes no two are one. */
const cluster = ['a', 'b', 'c'].map((app, index) => [1, 2].map((number) => pod(app, number, `10.42.${index}.${number}`)).join('')).join('');
const policy = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: n1}\nspec: {podSelector: {matchLabels: {app: b}}, ingress: [{from: [{podSelector: {matchLabels: {app: a}}}]}]}\n';

/** What a change from the cluster alone to the cluster with its policy is written as, watched and compared as a whole. */
function written(format: DiffFormat): { watched: string; compared: string; closed: number[] } {
  const counts = [{ closed: 0, opened: 0, mayClose: 0, mayOpen: 0 }, { closed: 0, opened: 0, mayClose: 0, mayOpen: 0 }] as const;
  const reader = new StateReader('calico');
  const [cut, whole] = [cluster, cluster + policy].map((text) => readText('test.yaml', text)) as [ReturnType<typeof readText>, ReturnType<typeof readText>];
  const session = new Session(reader.read(cut).state, 'workload');
  const kept = new Map(cut.objects.map((object) => [object.name, object]));
  const step = session.next(reader.read({ ...whole, objects: whole.objects.map((object) => kept.get(object.name) ?? object) }).state);
  expect(step.touched?.ingress).toHaveLength(2);
  const [a, b] = compile([readState(cut, 'calico').state, readState(whole, 'calico').state]);
  const text = [diffText(step.before, step.after, step.difference, { format, explain: false }, counts[0]), diffText(a!, b!, diff(a!, b!, 'workload'), { format, explain: false }, counts[1])].map((pieces) => [...pieces].join(''));
  return { watched: text[0]!, compared: text[1]!, closed: counts.map(({ closed }) => closed) };
}

describe('what a watched change closes', () => {
  it('is told once for each pair of workloads, however many replicas there are', () => {
    const { watched, compared, closed } = written('text');
    expect(watched.trim().split('\n').toSorted()).toEqual(['- n1/c[StatefulSet] => n1/b[StatefulSet] : All', '- outside 0.0.0.0/0 ::/0 => n1/b[StatefulSet] : All']);
    expect(compared.trim().split('\n').toSorted()).toEqual(['- n1/c[StatefulSet] => n1/b[StatefulSet] : All', '- outside 0.0.0.0/0 => n1/b[StatefulSet] : All', '- outside ::/0 => n1/b[StatefulSet] : All']);
    expect(closed).toEqual([2, 3]);
  });

  it('is the same in CSV and JSON', () => {
    const csv = written('csv').watched.trim().split('\n');
    expect([csv[0], csv.slice(1).toSorted()]).toEqual(['change,from,to,ports', ['closed,n1/c[StatefulSet],n1/b[StatefulSet],All', 'closed,outside 0.0.0.0/0 ::/0,n1/b[StatefulSet],All']]);
    const { changes } = JSON.parse(written('json').watched) as { changes: { from: string; to: string }[] };
    expect(changes.map(({ from, to }) => `${from} ${to}`).toSorted()).toEqual(['n1/c[StatefulSet] n1/b[StatefulSet]', 'outside 0.0.0.0/0 ::/0 n1/b[StatefulSet]']);
  });
});
