/** `fairlead diagnose --fix` in a real cluster: slips of a Service and DNS pods that were scaled away are mended, seen to be mended, and taken back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject, PodObject } from '../../src/cluster/objects.ts';
import { fairlead, type Said } from './support/fairlead.ts';
import { startLab, type TestLab } from './support/lab.ts';
import { ownState } from './support/migration.ts';

const LAB = 'fix';
const VIA = ['--via', `lab:${LAB}`];
const LEDGER = { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'ledger' };
const COREDNS = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'kube-system', name: 'coredns' };
interface Ledger extends KubeObject { spec: { selector: Record<string, string>; ports: { port: number; targetPort: number | string }[] } }
interface Scaled extends KubeObject { spec: { replicas: number } }
interface Fixed { fault: string; outcome: string; id?: string; verified?: string }

const state = ownState();
let lab: TestLab;
let client: string;

beforeAll(async () => {
  lab = await startLab(LAB, '--nodes', '3', '--apps');
  const [pod] = await lab.cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace: 'shop', labelSelector: 'app=catalog' });
  client = `shop/${pod?.metadata.name ?? ''}`;
}, 600_000);
afterAll(async () => {
  await lab.down();
  state.remove();
});

const ledger = async (): Promise<Ledger['spec'] | undefined> => (await lab.cluster.get<Ledger>(LEDGER))?.spec;
const fix = async (...words: string[]): Promise<Said> => await fairlead('diagnose', '--from', client, '--to', 'service:shop/ledger', '--port', '8080', ...VIA, '--fix', ...words);
const fixesOf = ({ stdout }: Said): Fixed[] => (JSON.parse(stdout) as { fixes: Fixed[] }).fixes;

describe('a Service whose selector has a slip', () => {
  test('is left alone without consent, then put right and seen to be', async () => {
    await lab.cluster.patch(LEDGER, { spec: { selector: { app: 'ledgr' } } });
    const asked = await fix();
    expect(asked.code, asked.stderr).toBe(2);
    expect(asked.stdout).toContain('-    app: ledgr\n+    app: ledger\n');
    expect((await ledger())?.selector).toEqual({ app: 'ledgr' });
    const said = await fix('--yes');
    expect(said.code, said.stderr + said.stdout).toBe(0);
    expect(said.stdout).toContain('the cause is gone');
    expect((await ledger())?.selector).toEqual({ app: 'ledger' });
  });

  test('is taken back, but not over what somebody else wrote since', async () => {
    const back = await fairlead('diagnose', 'undo', ...VIA, '--yes');
    expect(back.code, back.stderr).toBe(0);
    expect((await ledger())?.selector).toEqual({ app: 'ledgr' });
    const again = await fix('--yes', '-o', 'json');
    const [one] = fixesOf(again);
    expect(one).toMatchObject({ fault: 'K1', outcome: 'applied', verified: 'gone' });
    await lab.cluster.patch(LEDGER, { spec: { sessionAffinity: 'ClientIP' } });
    const refused = await fairlead('diagnose', 'undo', one?.id ?? '', ...VIA, '--yes');
    expect(refused.code, refused.stderr).toBe(5);
    expect(refused.stderr).toContain('kubectl patch service ledger -n shop');
    expect((await ledger())?.selector).toEqual({ app: 'ledger' });
  });
});

test('a wrong target port becomes the one where the pods are seen to listen', async () => {
  await lab.cluster.patch(LEDGER, [{ op: 'replace', path: '/spec/ports/0/targetPort', value: 8081 }], 'json');
  const said = await fix('--yes', '-o', 'json');
  expect(said.code, said.stderr + said.stdout).toBe(0);
  expect(fixesOf(said)).toMatchObject([{ fault: 'X3', outcome: 'applied', verified: 'gone' }]);
  expect((await ledger())?.ports[0]?.targetPort).toBe(8080);
});

test('DNS pods that were scaled to 0 are there again, and answer', async () => {
  await lab.cluster.patch(COREDNS, { spec: { replicas: 0 } });
  await lab.cluster.waitFor<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace: 'kube-system', labelSelector: 'k8s-app=kube-dns' }, (pods) => pods.length === 0, { timeoutMs: 60_000, what: 'DNS pods to be gone' });
  const [dns] = await lab.cluster.list<KubeObject & { spec: { clusterIP: string } }>({ apiVersion: 'v1', kind: 'Service', namespace: 'kube-system', labelSelector: 'k8s-app=kube-dns' });
  const text = `dial tcp: lookup ledger on ${dns?.spec.clusterIP ?? ''}:53: i/o timeout`;
  const said = await fairlead('diagnose', text, '--from', client, ...VIA, '--fix', '--yes', '--verify-within', '2m', '-o', 'json');
  expect(fixesOf(said), said.stderr).toMatchObject([{ fault: 'D3', outcome: 'applied', verified: 'gone' }]);
  expect((await lab.cluster.get<Scaled>(COREDNS))?.spec.replicas).toBe(2);
});
