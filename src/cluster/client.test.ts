import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '../core/errors.ts';
import { UnreachableError } from './api-error.ts';
import { Cluster } from './client.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const coreResources = JSON.stringify({ resources: [{ name: 'pods', kind: 'Pod', namespaced: true }, { name: 'pods/status', kind: 'Pod', namespaced: true }] });

describe('Cluster against a server that misbehaves', () => {
  let dir: string;
  let server: Server;
  let answer: Answer;
  let cluster: Cluster;
  const asked: string[] = [];

  beforeEach(async () => {
    asked.length = 0;
    dir = await mkdtemp(join(tmpdir(), 'fairlead-client-'));
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      if (request.url === '/api/v1') response.end(coreResources);
      else answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cluster = await Cluster.connect({ kubeconfig: await kubeconfig(`http://127.0.0.1:${(server.address() as AddressInfo).port}`) });
  });

  afterEach(async () => {
    cluster.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true });
  });

  async function kubeconfig(url: string, settings: object = { 'insecure-skip-tls-verify': true }): Promise<string> {
    const path = join(dir, 'kubeconfig');
    const config = {
      clusters: [{ name: 'c', cluster: { server: url, ...settings } }],
      users: [{ name: 'u', user: { token: 't' } }],
      contexts: [{ name: 'ctx', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'ctx',
    };
    await writeFile(path, JSON.stringify(config));
    return path;
  }

  test('a connection cut before the answer is tried again for reads, not for evictions by name alone', async () => {
    let cuts = 2;
    answer = (_request, response) => {
      if (cuts-- > 0) response.socket?.destroy();
      else response.end('{"kind":"Pod","metadata":{"name":"p"}}');
    };
    expect((await cluster.get({ apiVersion: 'v1', kind: 'Pod', namespace: 'n', name: 'p' }))?.metadata.name).toBe('p');
    answer = (_request, response) => response.socket?.destroy();
    asked.length = 0;
    await expect(cluster.evict('n', 'p')).rejects.toThrow(UnreachableError);
    expect(asked).toEqual(['POST /api/v1/namespaces/n/pods/p/eviction']);
  });

  test('with patience, a server that is away for a while is waited for, also by an eviction that names its pod by uid', async () => {
    const { port } = server.address() as AddressInfo;
    const patient = await Cluster.connect({ kubeconfig: await kubeconfig(`http://127.0.0.1:${port}`), patienceMs: 20_000 });
    answer = (_request, response) => response.end('{"kind":"Status"}');
    await patient.serves('v1', 'Pod');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const evicted = patient.evict('n', 'p', { uid: 'u' });
    setTimeout(() => server.listen(port, '127.0.0.1'), 3_000);
    expect(await evicted).toBe('evicted');
    patient.close();
  });

  test('no answer in time is an error that names endpoint and call', async () => {
    answer = () => undefined;
    await expect(cluster.raw('/slow', { timeoutMs: 50 })).rejects.toThrow(/cannot reach the API server at http:\/\/127\.0\.0\.1:\d+ to get \/slow: no answer within 0\.05 s/);
  });

  test('a list whose continue token expired starts again without pages', async () => {
    answer = (request, response) => {
      const query = new URL(request.url ?? '', 'http://x').searchParams;
      if (query.has('continue')) response.writeHead(410).end('{"reason":"Expired"}');
      else if (query.has('limit')) response.end('{"metadata":{"continue":"next"},"items":[{"metadata":{"name":"a"}}]}');
      else response.end('{"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}');
    };
    expect((await cluster.list({ apiVersion: 'v1', kind: 'Pod' })).map((pod) => pod.metadata.name)).toEqual(['a', 'b']);
  });

  test('a namespaced object without a namespace is refused before anything is sent', async () => {
    await expect(cluster.get({ apiVersion: 'v1', kind: 'Pod', name: 'p' })).rejects.toThrow(/is namespaced/);
  });

  test('missing kubeconfigs and contexts are usage errors', async () => {
    await expect(Cluster.connect({ kubeconfig: join(dir, 'absent') })).rejects.toThrow(UsageError);
    await expect(kubeconfig('http://127.0.0.1:1', {}).then((path) => Cluster.connect({ kubeconfig: path }))).rejects.toThrow('at http://127.0.0.1:1, which is not encrypted');
    await expect(Cluster.connect({ kubeconfig: join(dir, 'kubeconfig'), context: 'other' })).rejects.toThrow(/has no context other; it has: ctx/);
  });

  test('a port where nobody listens', async () => {
    const away = await Cluster.connect({ kubeconfig: await kubeconfig('http://127.0.0.1:1') });
    await expect(away.version()).rejects.toMatchObject({ exitCode: 3, code: 'ECONNREFUSED' });
  });
});
