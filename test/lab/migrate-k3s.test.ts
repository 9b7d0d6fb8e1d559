/** The demo: three nodes of the K3s profile, Flannel to Calico under probing; then every node is rebooted in turn. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { calicoNodePod } from '../../src/cni/calico/health.ts';
import { isReady, type KubeObject, type NodeObject } from '../../src/cluster/objects.ts';
import { waitUntil } from '../../src/cluster/wait.ts';
import { MIRROR_NAMESPACE } from '../../src/migrate/mirror.ts';
import { fairlead, fairleadFor, fairleadOk } from './support/fairlead.ts';
import { clusterOf, expectCleanReport, intruderStatus, ownState, readReport } from './support/migration.ts';

const state = ownState();
const report = join(state.dir, 'demo-report');

describe('fairlead demo', () => {
  beforeAll(async () => {
    const said = await fairleadFor(900_000, 'demo', '--keep', '--report', report);
    expect(said.code, said.stderr.slice(-4000)).toBe(0);
    expect(said.stdout).toMatch(/^PASS: 0 of [\d,]+ lost \(≤ [\d.]+ % at 95 %, losses come in bursts\) beyond what was announced/);
  }, 960_000);
  afterAll(async () => {
    await fairleadOk('lab', 'down', '--name', 'demo');
    state.remove();
  });

  test('every figure of the report follows from its samples; nothing unannounced was lost', async () => {
    const counted = await expectCleanReport(report, 3, 20_000);
    // What may be missing at all: requests to the only API server while it restarts, and pods of the node in flight.
    expect(counted.pairs.filter((pair) => pair.class === 'node-port' && pair.figures.lost > 0)).toEqual([]);
    expect(counted.pairs.filter((pair) => pair.class === 'node-port').map((pair) => pair.to).toSorted()).toEqual(['demo-agent-1', 'demo-agent-2', 'demo-server-1'].map((node) => `node-port/${node}`));
    expect(counted.classes['pod-to-service']?.unannouncedLost).toBe(0);
    expect(readReport(report).beyondCap).toHaveLength(1);
  });

  test('policies that did nothing before are enforced now', async () => {
    const cluster = await clusterOf('demo');
    expect(await intruderStatus(cluster)).toBe(502);
    cluster.close();
  });

  test("the journal's copy in the cluster is the journal, and nobody holds the Lease any more", async () => {
    const cluster = await clusterOf('demo');
    const chunks = await cluster.list<KubeObject & { data?: Record<string, string> }>({ apiVersion: 'v1', kind: 'ConfigMap', namespace: MIRROR_NAMESPACE, labelSelector: 'app.kubernetes.io/component=migration-journal' });
    const number = (object: KubeObject): number => Number(object.metadata.name.slice('fairlead-journal-'.length));
    const copy = chunks.toSorted((a, b) => number(a) - number(b)).map((chunk) => chunk.data?.['journal.ndjson'] ?? '').join('');
    expect(copy).toBe(readFileSync(join(report, 'journal.ndjson'), 'utf8'));
    const lease = await cluster.get({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: MIRROR_NAMESPACE, name: 'fairlead-migration' });
    expect(lease?.['spec']).not.toHaveProperty('holderIdentity');
    cluster.close();
  });

  test('nothing of Flannel is left', async () => {
    expect(await fairleadOk('leftovers', '--via', 'lab:demo')).toBe('nothing of Flannel is left on any node\n');
  });

  test('a second plan is refused: there is nothing to leave any more', async () => {
    const said = await fairlead('plan', '--to', 'calico', '--via', 'lab:demo');
    expect(said.code).toBe(1);
    expect(said.stdout).toContain('Flannel runs the pod network of every node: expected Flannel annotations on every Node; seen: no Flannel found');
  });

  test('each node comes back on Calico after a reboot, and the policy still holds', { timeout: 600_000 }, async () => {
    const cluster = await clusterOf('demo');
    for (const name of ['demo-agent-1', 'demo-agent-2', 'demo-server-1']) {
      const before = await cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name });
      await fairleadOk('lab', 'reboot', '--name', 'demo', name);
      await waitUntil(async () => {
        const node = await cluster.get<NodeObject>({ apiVersion: 'v1', kind: 'Node', name });
        const booted = (one: NodeObject | undefined): string | undefined => (one?.status as { nodeInfo?: { bootID?: string } } | undefined)?.nodeInfo?.bootID;
        return node !== undefined && isReady(node) && booted(node) !== booted(before) && (await calicoNodePod(cluster, name)).ready ? true : undefined;
      }, { timeoutMs: 180_000, what: `${name} to be back on Calico` });
      await waitUntil(async () => ((await intruderStatus(cluster)) === 502 ? true : undefined), { timeoutMs: 60_000, what: 'the intruder to be cut off' });
    }
    cluster.close();
  });
});
