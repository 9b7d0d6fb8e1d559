/** Every verb of `fairlead policy` says the same of files, of a snapshot as directory and as archive, and of a live cluster. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serveObjects, type ObjectServer } from './testing/object-server.ts';
import { runMain, type Ran } from './testing/run-main.ts';

const CLUSTER = `apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Node
metadata: {name: node-1}
spec: {podCIDR: 10.42.0.0/24}
status: {addresses: [{type: InternalIP, address: 192.0.2.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: web, uid: u, controller: true}]}
spec: {nodeName: node-1, containers: [{name: c}]}
status: {phase: Running, podIP: 10.42.0.5}
---
apiVersion: v1
kind: Pod
metadata: {name: db-0, namespace: shop, labels: {app: db}, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: v, controller: true}]}
spec: {nodeName: node-1, containers: [{name: c, ports: [{name: sql, containerPort: 5432}], env: [{name: PASSWORD, value: hunter2}]}]}
status: {phase: Running, podIP: 10.42.0.6}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: 10.43.0.9, selector: {app: db}, ports: [{port: 5432, targetPort: sql}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other, namespace: shop}
data: {password: hunter2}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
    - from: [{podSelector: {matchLabels: {app: web}}}]
      ports: [{port: sql}]
`;
/** Loading the verbs takes seconds on a busy machine. */
const PATIENCE = 60_000;
const dir = mkdtempSync(join(tmpdir(), 'fairlead-sources-'));
const [file, directory, archive] = [join(dir, 'all.yaml'), join(dir, 'snap'), join(dir, 'snap.tgz')];
let server: ObjectServer;

beforeAll(async () => {
  writeFileSync(file, CLUSTER);
  server = await serveObjects(loadAll(CLUSTER) as never, join(dir, 'kubeconfig'));
  for (const to of [directory, archive]) expect((await runMain('snapshot', file, '--to', to)).code).toBe(0);
  writeFileSync(join(dir, 'flows.ndjson'), '{"from":"shop/web-0","to":"shop/db-0","port":5432}\n{"from":"shop/web-0","to":"shop/db-0","port":22}\n');
  writeFileSync(join(dir, 'q.ndjson'), '{"id":1,"from":"10.42.0.5","to":"shop/db-0","port":5432}\n');
  writeFileSync(join(dir, 'expect.yaml'), 'expectations:\n  - {from: shop/web, to: shop/db, port: 5432, expect: allow}\n');
}, PATIENCE);
beforeEach(() => server.forbidden.clear());
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

/** What was printed, with the places of objects left out: those differ by the kind of input. */
const spoken = ({ code, stdout }: Ran): unknown => ({ code, stdout: stdout.replaceAll(/ \([^()]*(?:all\.yaml:\d+|snap|snap\.tgz|http:[^()]*)\)/g, ' (PLACE)').replaceAll(/^( *)\S*(?:all\.yaml:\d+|snap|snap\.tgz|http:\S*\d): /gm, '$1PLACE: ') });

describe('every verb', () => {
  it.each([
    ['list', ['list']],
    ['list as a page', ['list', '-o', 'html']],
    ['ask', ['ask', '--from', 'shop/web', '--to', 'service:shop/db', '--port', '5432']],
    ['check', ['check', '--queries', join(dir, 'q.ndjson')]],
    ['explain', ['explain', '--from', 'shop/web', '--to', 'shop/db', '--port', '22']],
    ['diff', ['diff', '--enforcer-a', 'none', '--enforcer-b', 'calico', '--explain']],
    ['lint', ['lint']],
    ['test', ['test', join(dir, 'expect.yaml')]],
    ['impact', ['impact', '--flows', join(dir, 'flows.ndjson'), '--enforcer', 'calico']],
    ['generate', ['generate', '--from-flows', join(dir, 'flows.ndjson')]],
    ['convert', ['convert', '--to', 'calico']],
  ])('%s', async (_name, argv) => {
    const [files, ...others] = [await runMain('policy', ...argv, file), await runMain('policy', ...argv, directory), await runMain('policy', ...argv, archive), await runMain('policy', ...argv, '--kubeconfig', server.kubeconfig)];
    expect(files.stdout).not.toBe('');
    for (const other of others) expect(spoken(other)).toEqual(spoken(files));
    expect(others.map((one) => one.stdout + one.stderr).join('')).not.toContain('hunter2');
  }, PATIENCE);

  it('names object and field where there are no lines', async () => {
    const argv = ['ask', '--from', 'shop/web-0', '--to', 'shop/db-0', '--port', '5432'];
    expect((await runMain('policy', ...argv, archive)).stdout).toContain(`NetworkPolicy shop/db spec.ingress[0].from[0] (${archive}) allows it entering shop/db-0.`);
    expect((await runMain('policy', ...argv, '--kubeconfig', server.kubeconfig)).stdout).toContain(`NetworkPolicy shop/db spec.ingress[0].from[0] (${server.address}) allows it`);
  }, PATIENCE);
});

describe('a live cluster', () => {
  it('is read and not written, and nothing is asked for that policies do not look at', async () => {
    server.requests.length = 0;
    expect((await runMain('policy', 'list', '--kubeconfig', server.kubeconfig)).code).toBe(0);
    expect(server.requests.filter((one) => !one.startsWith('GET '))).toEqual([]);
    expect(server.requests.filter((one) => /secret|event/i.test(one))).toEqual([]);
    expect(server.requests.filter((one) => one.includes('configmaps'))).toEqual([expect.stringContaining('fieldSelector=metadata.name%3Dcilium-config')]);
  }, PATIENCE);

  it('is compared with what is to be applied', async () => {
    writeFileSync(join(dir, 'after.yaml'), CLUSTER.replace('{app: web}}}]', '{app: web}}}, {ipBlock: {cidr: 203.0.113.0/24}}]'));
    const ran = await runMain('policy', 'diff', 'live', join(dir, 'after.yaml'), '--kubeconfig', server.kubeconfig);
    expect([ran.code, ran.stdout]).toEqual([1, '+ outside 203.0.113.0/24 => shop/db[StatefulSet] : TCP 5432\n']);
  }, PATIENCE);

  it('that does not permit to read what answers rest on gives none, and names the permission', async () => {
    server.forbidden.add('networkpolicies');
    const ran = await runMain('policy', 'list', '--kubeconfig', server.kubeconfig);
    expect(ran).toMatchObject({ code: 3, stdout: '' });
    expect(ran.stderr).toMatch(/the objects of kind NetworkPolicy of networking\.k8s\.io cannot be read, and without them no answer about policies can be right:\n.*Needed: a ClusterRole with apiGroups \["networking\.k8s\.io"\], resources \["networkpolicies"\], verbs \["list"\]/);
    expect(ran.stderr).toContain('fairlead rbac policy');
  }, PATIENCE);

  it('is answered about without what is only useful, and says what is missing', async () => {
    server.forbidden.add('nodes');
    const ran = await runMain('policy', 'list', '--kubeconfig', server.kubeconfig);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/warning: the objects of kind Node cannot be read: .*resources \["nodes"\]/);
  }, PATIENCE);

  it('has a role with exactly what is asked for', async () => {
    const { stdout } = await runMain('rbac', 'policy');
    const [role] = (loadAll(stdout) as { kind: string; metadata: { name: string }; rules: { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] }[] }[]).filter(({ kind }) => kind === 'ClusterRole');
    expect(role?.metadata.name).toBe('fairlead-policy');
    expect(role?.rules.every(({ verbs }) => verbs.join() === 'list')).toBe(true);
    expect(role?.rules.find(({ resources }) => resources.includes('configmaps'))).toEqual({ apiGroups: [''], resources: ['configmaps'], resourceNames: ['cilium-config'], verbs: ['list'] });
    expect(role?.rules.flatMap(({ resources }) => resources)).not.toContain('secrets');
    server.requests.length = 0;
    await runMain('policy', 'list', '--kubeconfig', server.kubeconfig);
    const asked = new Set(server.requests.flatMap((one) => /^GET \/(?:api\/v1|apis\/[^/]+\/[^/]+)\/(\w+)/.exec(one)?.[1] ?? []));
    expect([...asked].filter((one) => !role?.rules.some(({ resources }) => resources.includes(one)))).toEqual([]);
  }, PATIENCE);
});

describe('wrong inputs', () => {
  it('a snapshot that could not read the policies', async () => {
    server.forbidden.add('networkpolicies');
    await runMain('snapshot', '--kubeconfig', server.kubeconfig, '--to', join(dir, 'blind.tgz'));
    const ran = await runMain('policy', 'ask', '--from', 'shop/web-0', '--to', 'shop/db-0', '--port', '22', join(dir, 'blind.tgz'));
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('blind.tgz: the objects of kind NetworkPolicy of networking.k8s.io could not be read');
  }, PATIENCE);

  it('a snapshot that is cut off, a kubeconfig that is not there, a live cluster beside files', async () => {
    writeFileSync(join(dir, 'cut.tgz'), readFileSync(archive).subarray(0, 200));
    expect((await runMain('policy', 'list', join(dir, 'cut.tgz'))).stderr).toContain('the archive is damaged or cut off');
    expect(await runMain('policy', 'list', '--kubeconfig', join(dir, 'none'))).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot read the kubeconfig') as string });
    expect(await runMain('policy', 'list', file, '--kubeconfig', server.kubeconfig)).toMatchObject({ code: 2, stderr: expect.stringContaining('--kubeconfig is for a live cluster, but files are named') as string });
    expect(await runMain('policy', 'list', '--via', 'carrier-pigeon')).toMatchObject({ code: 2, stderr: expect.stringContaining('--via carrier-pigeon: there is no such way') as string });
  }, PATIENCE);

  it('ten megabytes with one bad document: that one is named, and the rest is read', async () => {
    const policies = Array.from({ length: 60_000 }, (_, index) => `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: p${index}\n  namespace: ns${index % 50}\nspec:\n  podSelector:\n    matchLabels:\n      app: a${index % 7}\n  policyTypes: [Ingress]\n`);
    policies[41_000] = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: bad\n';
    mkdirSync(join(dir, 'large'));
    writeFileSync(join(dir, 'large', 'all.yaml'), [CLUSTER, ...policies].join('---\n'));
    const bad = CLUSTER.split('\n').length + 1 + 41_000 * 11;
    const ran = await runMain('policy', 'ask', '--from', 'shop/web-0', '--to', 'shop/db-0', '--port', '5432', join(dir, 'large'));
    expect([ran.code, ran.stderr.split('\n').length]).toEqual([0, 2]);
    expect(ran.stderr).toMatch(new RegExp(`large/all\\.yaml:${bad + 3}: error: not valid YAML: .*; the document that begins in line ${bad} is left out\\.`));
    expect((await runMain('policy', 'list', '--strict', join(dir, 'large'))).code).toBe(2);
  }, PATIENCE * 3);
});
