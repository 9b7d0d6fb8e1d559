import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../cluster/api-error.ts';
import { Cluster } from '../../cluster/client.ts';
import type { PodObject } from '../../cluster/objects.ts';
import { refusedEvictions } from './dry-eviction.ts';

const pod = (name: string): PodObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'shop', name, uid: `uid-${name}` }, spec: { containers: [] } });
const status = (code: number, message: string, cause?: string) => ({ code, body: { kind: 'Status', message, details: { causes: cause === undefined ? [] : [{ reason: cause, message: 'budget db' }] } } });

describe('refusedEvictions', () => {
  let dir: string;
  let server: Server;
  let cluster: Cluster;
  /** What the server answers for a pod; undefined lets it go. */
  let answers: (name: string) => ReturnType<typeof status> | undefined;
  let asked: string[];
  let most: number;

  beforeEach(async () => {
    answers = () => undefined;
    asked = [];
    most = 0;
    let now = 0;
    server = createServer((request, response) => {
      most = Math.max(most, ++now);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => setImmediate(() => {
        now--;
        const body = JSON.parse(Buffer.concat(chunks).toString()) as { metadata: { name: string }; deleteOptions: unknown };
        asked.push(`${request.method} ${request.url} ${JSON.stringify(body.deleteOptions)}`);
        const answer = answers(body.metadata.name) ?? { code: 201, body: {} };
        response.writeHead(answer.code).end(JSON.stringify(answer.body));
      }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    dir = await mkdtemp(join(tmpdir(), 'fairlead-eviction-'));
    const kubeconfig = join(dir, 'kubeconfig');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await writeFile(kubeconfig, JSON.stringify({ clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }], users: [{ name: 'u', user: {} }], contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }], 'current-context': 'x' }));
    cluster = await Cluster.connect({ kubeconfig });
  });
  afterEach(async () => {
    cluster.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true });
  });

  it('asks for each pod once, as a dry-run, several at a time but never more than 20', async () => {
    const pods = Array.from({ length: 300 }, (_, index) => pod(`p${index}`));
    expect(await refusedEvictions(cluster, pods, 0)).toEqual([]);
    expect(asked.toSorted()).toEqual(pods.map(({ metadata: { name, uid } }) => `POST /api/v1/namespaces/shop/pods/${name}/eviction ${JSON.stringify({ dryRun: ['All'], preconditions: { uid } })}`).toSorted());
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(20);
  });

  it('tells what budgets and webhooks say, and passes over pods that are gone', async () => {
    answers = (name) => ({ budget: status(429, 'not now.', 'DisruptionBudget'), webhook: status(403, 'admission webhook "w" denied the request'), busy: status(429, 'too many requests'), gone: status(404, 'not found') })[name];
    const refused = await refusedEvictions(cluster, ['free', 'budget', 'webhook', 'busy', 'gone'].map(pod), 0);
    expect(refused.map(({ pod: { metadata }, said }) => `${metadata.name}: ${said}`).toSorted()).toEqual(['budget: not now. budget db', 'busy: too many requests', 'webhook: admission webhook "w" denied the request']);
  });

  it('asks again for those that were refused, and only those, until they may go', async () => {
    let refusals = 2;
    answers = (name) => (name === 'late' && refusals-- > 0 ? status(429, 'not now', 'DisruptionBudget') : undefined);
    expect(await refusedEvictions(cluster, [pod('free'), pod('late')], 30_000)).toEqual([]);
    expect(asked.map((line) => line.split('/')[6])).toEqual(expect.arrayContaining(['free', 'late', 'late', 'late']) as string[]);
    expect(asked).toHaveLength(4);
  });

  it('is an error, not a refusal, when asking is not permitted', async () => {
    answers = () => status(403, 'pods/eviction is forbidden');
    await expect(refusedEvictions(cluster, [pod('p')], 0)).rejects.toThrow(ApiError);
  });
});
