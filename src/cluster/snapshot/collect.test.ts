/** Collecting from an API server that pages, refuses some kinds and does not serve others. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UnreachableError } from '../api-error.ts';
import { Cluster } from '../client.ts';
import { BASE_CATALOGUE } from './base-catalogue.ts';
import { joinCatalogues } from './catalogue.ts';
import { collectSnapshot, type CollectOptions } from './collect.ts';

const KINDS = new Set(['Node', 'Pod', 'Service', 'NetworkPolicy', 'CustomResourceDefinition']);
const base = joinCatalogues([BASE_CATALOGUE]);
const catalogue = { ...base, kinds: base.kinds.filter((spec) => KINDS.has(spec.kind)) };
const pod = (name: string): object => ({ metadata: { name, namespace: 'n' }, spec: { nodeName: 'a', containers: [{ name: 'c', env: [{ name: 'PASSWORD', value: 'hunter2' }] }] } });

describe('collecting', () => {
  let dir: string;
  let server: Server;
  let cluster: Cluster;
  let options: CollectOptions;
  let answers: Record<string, [number, object]>;
  const asked: string[] = [];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'fairlead-collect-'));
    asked.length = 0;
    answers = {
      '/api/v1': [200, { resources: [{ name: 'nodes', kind: 'Node' }, { name: 'pods', kind: 'Pod', namespaced: true }, { name: 'services', kind: 'Service', namespaced: true }] }],
      '/apis/apiextensions.k8s.io/v1': [200, { resources: [{ name: 'customresourcedefinitions', kind: 'CustomResourceDefinition' }] }],
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?limit=500': [200, { items: [{ metadata: { name: 'things.example.com' }, spec: { group: 'example.com', names: { kind: 'Thing' } } }] }],
      '/api/v1/nodes?limit=500': [200, { items: [{ metadata: { name: 'b' } }, { metadata: { name: 'a' } }] }],
      '/api/v1/pods?limit=500': [200, { metadata: { continue: 'next' }, items: [pod('p1')] }],
      '/api/v1/pods?limit=500&continue=next': [200, { items: [pod('p2')] }],
      '/api/v1/services?limit=500': [403, { kind: 'Status', message: 'services is forbidden: User "u" cannot list resource "services"', reason: 'Forbidden' }],
    };
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const [status, body] = answers[request.url ?? ''] ?? [404, {}];
      response.writeHead(status).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const kubeconfig = join(dir, 'kubeconfig');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await writeFile(kubeconfig, JSON.stringify({ clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }], users: [{ name: 'u', user: {} }], contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }], 'current-context': 'x' }));
    cluster = await Cluster.connect({ kubeconfig, patienceMs: 0 });
    options = { source: cluster, catalogue, tool: '1', now: new Date(0), hostFacts: (node) => Promise.resolve({ node, kernel: '6.1' }) };
  });

  afterEach(async () => {
    cluster.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true });
  });

  it('takes all pages without secrets, every host, and names kinds that nobody knows', async () => {
    const snapshot = await collectSnapshot(options);
    expect(snapshot.entries.map(({ object }) => `${object.kind} ${object.metadata.name}`)).toEqual(['CustomResourceDefinition things.example.com', 'Node a', 'Node b', 'Pod p1', 'Pod p2']);
    expect(snapshot.hosts.map((host) => host.node)).toEqual(['a', 'b']);
    expect(snapshot).toMatchObject({ source: 'live', unlisted: [{ apiVersion: 'example.com', kind: 'Thing' }] });
    expect(JSON.stringify(snapshot)).not.toContain('hunter2');
    expect(asked.filter((url) => /secret/i.test(url))).toEqual([]);
  });

  it('says what it was not allowed to read, with the permission that is missing', async () => {
    expect((await collectSnapshot(options)).unknown).toEqual([{ what: 'objects of kind Service', why: expect.stringMatching(/forbidden.*Needed: a ClusterRole with apiGroups \[""\], resources \["services"\], verbs \["list"\]/) as string }]);
  });

  it('says that hosts were not read, and why', async () => {
    const { hostFacts: _not, ...rest } = options;
    expect((await collectSnapshot({ ...rest, whyNoHosts: 'no --via was given' })).unknown).toContainEqual({ what: 'facts of hosts', why: 'no --via was given' });
  });

  it('takes a list whole when its continue token has expired, and no object twice', async () => {
    answers['/api/v1/pods?limit=500&continue=next'] = [410, { kind: 'Status', reason: 'Expired' }];
    answers['/api/v1/pods'] = [200, { items: [pod('p1'), pod('p2'), pod('p3')] }];
    const names = (await collectSnapshot(options)).entries.filter(({ object }) => object.kind === 'Pod').map(({ object }) => object.metadata.name);
    expect(names).toEqual(['p1', 'p2', 'p3']);
  });

  it('fails when the API server does not answer', async () => {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    await expect(collectSnapshot(options)).rejects.toBeInstanceOf(UnreachableError);
    server = createServer().listen(0);
  });
});
