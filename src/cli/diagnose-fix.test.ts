/** `fairlead diagnose --fix` and `undo` from the front door, against an API server that changes objects as the real one does. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { healthy } from '../audit/testing/healthy.ts';
import { packageRoot } from '../core/package-root.ts';
import { ownedByDeployments } from '../diagnose/testing/scene.ts';
import { serveObjects, type ObjectServer } from './testing/object-server.ts';
import { runMain, runMainWith, type Ran } from './testing/run-main.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-fix-'));
const PATIENCE = 60_000;
beforeAll(async () => void (await runMain('diagnose', '--help')), 3 * PATIENCE);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Body = Record<string, unknown>;
interface Made { kind: string; metadata: { name: string; namespace?: string; labels?: Body; ownerReferences?: object[] }; spec: Body }
let server: ObjectServer;
let cluster = 0;
const records = (): string => join(dir, `state-${cluster}`, 'fairlead', 'fixes', 'the-cluster');

/** A healthy cluster with a fault, served; `change` makes the fault. */
async function serve(change: (find: (kind: string, name: string) => Made, objects: Made[]) => Made[] | undefined): Promise<void> {
  const all = structuredClone(healthy('k3s-calico')) as unknown as Made[];
  ownedByDeployments(all);
  const objects = all.filter(({ kind }) => kind !== 'HostFacts');
  for (const { kind, metadata } of objects) if (kind === 'Namespace' && metadata.name === 'kube-system') Object.assign(metadata, { uid: 'the-cluster' });
  const find = (kind: string, name: string): Made => objects.find((one) => one.kind === kind && one.metadata.name === name) ?? (() => { throw new Error(`${kind} ${name}`); })();
  const left = change(find, objects) ?? objects;
  server = await serveObjects(left as never, join(dir, `kubeconfig-${++cluster}`));
}
afterEach(async () => await server.close());

const io = (answer?: string): Parameters<typeof runMainWith>[0] => ({ env: { XDG_STATE_HOME: join(dir, `state-${cluster}`) }, ask: () => Promise.resolve(answer) });
const on = (...argv: string[]): string[] => ['diagnose', ...argv, '--kubeconfig', server.kubeconfig];
const fix = async (argv: readonly string[], answer?: string): Promise<Ran> => await runMainWith(io(answer), ...on(...argv, '--fix', '--verify-within', '0s'));
const undo = async (...argv: string[]): Promise<Ran> => await runMainWith(io(), ...on('undo', ...argv, '--yes'));
const changes = (): string[] => server.requests.filter((one) => !one.startsWith('GET '));

const REFUSED = ['dial tcp 10.43.3.2:5432: connect: connection refused', '--from', 'shop/web-1'];
const wrongSelector = async (): Promise<void> => await serve((find) => { find('Service', 'db').spec['selector'] = { app: 'database' }; return undefined; });
const selector = (): unknown => server.find('Service', 'db').spec['selector'];

describe('a Service whose selector has a slip', () => {
  it('is shown as a diff, put right, seen to work, and taken back', async () => {
    await wrongSelector();
    const { code, stdout, stderr } = await fix([...REFUSED, '--yes']);
    expect([code, stderr.includes('fairlead diagnose undo fix-1')]).toEqual([0, true]);
    expect(stdout).toContain('--- Service shop/db\n+++ Service shop/db\n');
    expect(stdout).toContain('-    app: database\n+    app: db\n');
    expect(stdout).toContain('the cause is gone');
    expect(selector()).toEqual({ app: 'db' });
    const back = await undo();
    expect([back.code, selector()]).toEqual([0, { app: 'database' }]);
    expect(back.stdout).toContain('fix-1 is undone.');
    expect(await undo('fix-1')).toMatchObject({ code: 2, stderr: expect.stringContaining('fix-1 is undone already') as string });
  }, PATIENCE);

  it('is left alone where nobody agrees: without a terminal (exit 2), or by an answer', async () => {
    await wrongSelector();
    const silent = await fix(REFUSED);
    expect(silent).toMatchObject({ code: 2, stderr: expect.stringMatching(/not confirmed; nothing was changed\nhint: say --yes/) as string, stdout: expect.stringContaining('+    app: db\n') as string });
    expect(await fix(REFUSED, 'n')).toMatchObject({ code: 1, stdout: expect.stringContaining('not fixed: K1: nothing was changed.') as string });
    expect([changes(), existsSync(records())]).toEqual([[], false]);
    expect((await fix(REFUSED, 'y')).code).toBe(0);
  }, PATIENCE);

  it('is not changed when somebody else was faster, and not taken back when somebody changed it since', async () => {
    await wrongSelector();
    server.beforeChange = () => { delete server.beforeChange; const db = server.find('Service', 'db'); db.spec['selector'] = { app: 'theirs' }; db.metadata.resourceVersion = '999999'; return undefined; };
    expect(await fix([...REFUSED, '--yes'])).toMatchObject({ code: 3, stderr: expect.stringContaining('Service shop/db was changed by somebody else meanwhile') as string });
    expect(selector()).toEqual({ app: 'theirs' });
    expect((await undo()).code).toBe(2);
    server.find('Service', 'db').spec['selector'] = { app: 'database' };
    expect((await fix([...REFUSED, '--yes'])).code).toBe(0);
    server.find('Service', 'db').spec['selector'] = { app: 'db', tier: 'x' };
    const refused = await undo();
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining(`kubectl patch service db -n shop --type merge -p '{"spec":{"selector":{"app":"database"}}}'`) as string });
    expect(selector()).toEqual({ app: 'db', tier: 'x' });
  }, PATIENCE);

  it('is changed in spite of what servers note on it meanwhile', async () => {
    await wrongSelector();
    server.beforeChange = () => { delete server.beforeChange; Object.assign(server.find('Service', 'db').metadata, { resourceVersion: '999999' }); return undefined; };
    expect((await fix([...REFUSED, '--yes'])).code).toBe(0);
    expect(changes()).toHaveLength(2);
  }, PATIENCE);

  it('is left to its owner, and whoever keeps its source is named', async () => {
    await serve((find) => { const db = find('Service', 'db'); db.spec['selector'] = { app: 'database' }; db.metadata.ownerReferences = [{ apiVersion: 'x/v1', kind: 'Database', name: 'main', uid: 'u', controller: true }]; return undefined; });
    expect(await fix([...REFUSED, '--yes'])).toMatchObject({ code: 1, stdout: expect.stringMatching(/is made by Database main,\s+which would take the change back/) as string });
    await server.close();
    await serve((find) => { const db = find('Service', 'db'); db.spec['selector'] = { app: 'database' }; db.metadata.labels = { 'app.kubernetes.io/managed-by': 'Helm' }; return undefined; });
    expect((await fix(REFUSED, 'n')).stdout).toContain('is kept by Helm');
  }, PATIENCE);

  it('is told as a document that fits its schema, and as Markdown', async () => {
    await wrongSelector();
    const { stdout, stderr } = await fix([...REFUSED, '-o', 'json'], 'y');
    const report = JSON.parse(stdout) as { fixes: object[]; after: { causes: object[] } };
    const validate = new Ajv2020({ strict: false, formats: { 'date-time': true } }).compile(JSON.parse(readFileSync(join(packageRoot(), 'docs/schemas/fix.v1.json'), 'utf8')) as object);
    expect(validate(report) ? [] : validate.errors).toEqual([]);
    expect(report.fixes).toMatchObject([{ fault: 'K1', outcome: 'applied', id: 'fix-1', verified: 'gone' }]);
    expect(stderr).toContain('+    app: db\n');
    await undo();
    expect((await fix([...REFUSED, '-o', 'markdown', '--yes'])).stdout).toMatch(/## Fixes\n\n```diff\n--- Service shop\/db/);
  }, PATIENCE);
});

describe('other causes', () => {
  it('a policy that forgets DNS gets the rule, and loses it again', async () => {
    await serve((_find, objects) => objects.filter(({ kind, metadata }) => !(kind === 'NetworkPolicy' && metadata.name === 'dns')));
    const { code, stdout } = await fix(['dial tcp: lookup db on 10.43.0.10:53: read udp 10.42.1.53:41234->10.43.0.10:53: i/o timeout', '--from', 'shop/web-1', '--yes']);
    expect(stdout).toContain('+        - protocol: UDP\n');
    expect(code).toBe(0);
    const before = server.find('NetworkPolicy', 'web').spec['egress'] as object[];
    expect(before).toHaveLength(2);
    expect((await undo()).code).toBe(0);
    expect(server.find('NetworkPolicy', 'web').spec['egress']).toEqual(before.slice(0, 1));
  }, PATIENCE);

  it('a denied connection gets a policy of its own, which undo deletes', async () => {
    await serve(() => undefined);
    const argv = ['dial tcp 10.43.3.2:5432: i/o timeout', '--from', 'monitoring/prometheus-1', '--yes'];
    const { code, stdout } = await fix(argv);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('whether it was meant to be denied, only you know');
    expect(code).toBe(0);
    expect(server.find('NetworkPolicy', 'allow-db-from-prometheus')).toMatchObject({ metadata: { namespace: 'shop' }, spec: { policyTypes: ['Ingress'] } });
    expect((await undo()).code).toBe(0);
    expect(() => server.find('NetworkPolicy', 'allow-db-from-prometheus')).toThrow('no NetworkPolicy');
    expect(changes().map((one) => one.split(' ')[0])).toEqual(['POST', 'DELETE']);
  }, PATIENCE);

  it('DNS pods that were scaled away are asked for again, and it is said that they are not there yet', async () => {
    await serve((find, objects) => { find('Deployment', 'coredns').spec['replicas'] = 0; return objects.filter(({ kind, metadata }) => !(kind === 'Pod' && metadata.name.startsWith('coredns'))); });
    const { code, stdout } = await fix(['--yes']);
    expect(stdout).toContain('-  replicas: 0\n+  replicas: 2\n');
    expect(stdout).toContain('the cause is still there');
    expect([code, server.find('Deployment', 'coredns').spec['replicas']]).toEqual([1, 2]);
  }, PATIENCE);

  it('what no object mends is said, and nothing is asked', async () => {
    await serve(() => undefined);
    expect(await fix(['dial tcp: lookup database on 10.43.0.10:53: no such host', '--from', 'shop/web-1', '--yes'])).toMatchObject({ code: 1, stdout: expect.stringMatching(/not fixed: K3 .*: what was meant, the objects do not tell\./) as string });
    expect(await fix(['--from', 'shop/web-1', '--to', 'service:shop/db', '--port', '5432', '--yes'])).toMatchObject({ code: 1, stdout: expect.stringContaining('There is nothing to fix: no cause is proved.') as string });
    expect(changes()).toEqual([]);
  }, PATIENCE);

  it('what may not be changed is told with the permission, and leaves nothing to undo', async () => {
    await wrongSelector();
    server.beforeChange = () => 403;
    expect(await fix([...REFUSED, '--yes'])).toMatchObject({ code: 3, stderr: expect.stringContaining('resources ["services"], verbs ["patch"]') as string });
    expect((await undo()).code).toBe(2);
    expect(selector()).toEqual({ app: 'database' });
  }, PATIENCE);
});

describe('wrong usage', () => {
  it.each<[string, string[], RegExp]>([
    ['a stored cluster', ['diagnose', '--fix', '--snapshot', 'x.tgz'], /--fix changes a live cluster, but --snapshot/],
    ['consent to nothing', ['diagnose', 'x', '--yes'], /--yes agrees to what --fix shows/],
    ['a duration that is none', ['diagnose', 'x', '--fix', '--verify-within', 'soon', '--kubeconfig', 'KUBECONFIG'], /--verify-within is "soon"/],
    ['a fix that there is not', ['diagnose', 'undo', 'fix-9', '--yes', '--kubeconfig', 'KUBECONFIG'], /there is no fix fix-9 .*\nhint: None stands\./],
  ])('%s', async (_what, argv, message) => {
    await serve(() => undefined);
    const { code, stderr } = await runMainWith(io(), ...argv.map((word) => (word === 'KUBECONFIG' ? server.kubeconfig : word)));
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  }, PATIENCE);
});
