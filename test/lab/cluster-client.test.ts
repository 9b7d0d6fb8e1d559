/** Contract of the Kubernetes client against a real kube-apiserver. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiError } from '../../src/cluster/api-error.ts';
import { Cluster } from '../../src/cluster/client.ts';
import { Lease } from '../../src/cluster/lease.ts';
import { apiServerForTests, type TestApiServer } from './api-server.ts';

describe('cluster client', { timeout: 60_000 }, () => {
  let server: TestApiServer;
  let cluster: Cluster;

  beforeAll(async () => {
    server = await apiServerForTests();
    cluster = await Cluster.connect({ kubeconfig: server.kubeconfig });
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'work' } });
  });

  afterAll(async () => {
    cluster?.close();
    await server?.stop();
  });

  const configMap = (name: string, data: Record<string, string>) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'work' }, data });
  const ref = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'work', name });

  test('version and raw paths', async () => {
    expect((await cluster.version()).gitVersion).toMatch(/^v1\.\d+/);
    expect(await cluster.raw('/readyz')).toBe('ok');
    await expect(cluster.raw('/nothing-here')).rejects.toMatchObject({ status: 404 });
  });

  test('apply creates, changes, keeps foreign fields; get, patch and delete', async () => {
    await cluster.apply(configMap('one', { a: '1' }));
    await cluster.patch(ref('one'), { data: { theirs: 'x' } });
    await cluster.apply(configMap('one', { a: '2' }));
    expect((await cluster.get(ref('one')))?.['data']).toEqual({ a: '2', theirs: 'x' });
    await cluster.patch(ref('one'), [{ op: 'remove', path: '/data/theirs' }], 'json');
    expect((await cluster.get(ref('one')))?.['data']).toEqual({ a: '2' });
    await cluster.delete(ref('one'));
    await cluster.delete(ref('one'));
    expect(await cluster.get(ref('one'))).toBeUndefined();
    expect(await cluster.patch(ref('one'), { data: {} })).toBeUndefined();
  });

  test('apply says who owns a field, and takes it with force', async () => {
    await cluster.create(configMap('owned', { a: 'theirs' }));
    const attempt = cluster.apply(configMap('owned', { a: 'ours' }));
    await expect(attempt).rejects.toThrow(ApiError);
    await expect(attempt).rejects.toMatchObject({ status: 409, message: expect.stringMatching(/patch ConfigMap work\/owned: .*conflict/) as string });
    await cluster.apply(configMap('owned', { a: 'ours' }), { force: true });
    expect((await cluster.get(ref('owned')))?.['data']).toEqual({ a: 'ours' });
  });

  test('create and replace tell when they came too late', async () => {
    const made = await cluster.create(configMap('race', {}));
    expect(await cluster.create(configMap('race', {}))).toBeUndefined();
    await cluster.patch(ref('race'), { data: { newer: 'yes' } });
    expect(made).toBeDefined();
    if (made !== undefined) expect(await cluster.replace(made)).toBeUndefined();
  });

  test('delete with a uid spares a namesake', async () => {
    await cluster.create(configMap('namesake', {}));
    await cluster.delete(ref('namesake'), { uid: '00000000-0000-0000-0000-000000000000' });
    expect(await cluster.get(ref('namesake'))).toBeDefined();
  });

  test('lists page by page, with selectors, in all namespaces', async () => {
    const names = Array.from({ length: 1101 }, (_, i) => `many-${String(i).padStart(4, '0')}`);
    for (let i = 0; i < names.length; i += 50) {
      await Promise.all(names.slice(i, i + 50).map((name) => cluster.create({ ...configMap(name, {}), metadata: { name, namespace: 'work', labels: { set: 'many' } } })));
    }
    const listed = await cluster.list({ apiVersion: 'v1', kind: 'ConfigMap', labelSelector: 'set=many' });
    expect(listed.map((object) => object.metadata.name)).toEqual(names);
    expect(listed[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    const one = await cluster.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'work', fieldSelector: 'metadata.name=many-0007' });
    expect(one).toHaveLength(1);
  });

  test('a kind that appears later is found, and missed before', async () => {
    const widget = { apiVersion: 'test.fairlead.dev/v1', kind: 'Widget', name: 'w' };
    expect(await cluster.get(widget)).toBeUndefined();
    expect(await cluster.list({ apiVersion: widget.apiVersion, kind: 'Widget' })).toEqual([]);
    await expect(cluster.apply({ apiVersion: widget.apiVersion, kind: 'Widget', metadata: { name: 'w' } })).rejects.toThrow(/serves no kind Widget/);
    const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    await cluster.apply({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.test.fairlead.dev' },
      spec: {
        group: 'test.fairlead.dev',
        scope: 'Cluster',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    });
    await cluster.waitForKind(widget.apiVersion, 'Widget', { timeoutMs: 15_000 });
    await cluster.apply({ apiVersion: widget.apiVersion, kind: 'Widget', metadata: { name: 'w' }, spec: { size: 3 } });
    expect((await cluster.get(widget))?.['spec']).toEqual({ size: 3 });
  });

  test('eviction: gone, blocked by a budget, dry run, done', async () => {
    const pod = (name: string, app: string) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'work', labels: { app } },
      spec: { nodeName: 'nowhere', containers: [{ name: 'c', image: 'none' }] },
    });
    expect(await cluster.evict('work', 'nobody')).toBe('gone');
    await cluster.create(pod('free', 'free'));
    expect(await cluster.evict('work', 'free', { dryRun: true })).toBe('evicted');
    expect((await cluster.get({ apiVersion: 'v1', kind: 'Pod', namespace: 'work', name: 'free' }))?.metadata.deletionTimestamp).toBeUndefined();
    expect(await cluster.evict('work', 'free', { gracePeriodSeconds: 0 })).toBe('evicted');

    await cluster.create(pod('kept', 'kept'));
    const podRef = { apiVersion: 'v1', kind: 'Pod', namespace: 'work', name: 'kept' };
    const ready = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };
    await cluster.patch(podRef, ready, 'strategic', { subresource: 'status' });
    await cluster.apply({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'keep', namespace: 'work' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'kept' } } } });
    expect(await cluster.evict('work', 'kept', { dryRun: true })).toMatchObject({ blockedBy: expect.stringMatching(/disruption budget.*keep/) as string });
  });

  test('a refusal names the permission that is missing', async () => {
    const nobody = await Cluster.connect({ kubeconfig: server.powerless });
    const attempt = nobody.list({ apiVersion: 'v1', kind: 'Pod', namespace: 'work' });
    await expect(attempt).rejects.toMatchObject({ status: 403, exitCode: 3, hint: expect.stringContaining('resources ["pods"], verbs ["list"]') as string });
    nobody.close();
  });

  test('leases: one holder, take-over after silence, release, loss', async () => {
    const options = { namespace: 'work', name: 'migration', durationSeconds: 1 };
    const first = new Lease(cluster, { ...options, holder: 'first' });
    const second = new Lease(cluster, { ...options, holder: 'second' });
    expect(await first.acquire()).toEqual({ held: true });
    expect(await first.acquire()).toEqual({ held: true });
    const stop = first.keep(() => undefined);
    expect(await second.acquire()).toMatchObject({ held: false, holder: 'first' });
    stop();
    expect(await second.acquire()).toEqual({ held: true });
    await expect(first.renew()).rejects.toThrow(/held by second/);
    const lost = new Promise<Error>((resolve) => first.keep(resolve));
    expect((await lost).message).toMatch(/no longer held by first/);
    await second.release();
    expect(await first.acquire()).toEqual({ held: true });
  });

  test('a restarting API server is waited for, but not for ever', async () => {
    await server.restart(async () => {
      const seen = await cluster.waitFor({ apiVersion: 'v1', kind: 'Namespace', name: 'work' }, (object) => object !== undefined, { timeoutMs: 60_000, what: 'namespace work' });
      expect(seen?.metadata.name).toBe('work');
    });
    await expect(cluster.waitFor(ref('never'), (object) => object !== undefined, { timeoutMs: 600, what: 'a thing that never comes' })).rejects.toThrow(/waited 0.6 s for a thing that never comes/);
  });
});
