/** Five nodes of the kubeadm profile with another pod range: no API server restarts, so nothing beyond the default cap is announced. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fairleadFor, fairleadOk } from './support/fairlead.ts';
import { clusterOf, expectCleanReport, intruderStatus, ownState, readReport } from './support/migration.ts';

const LAB = 'mk';
const state = ownState();
const report = join(state.dir, 'report');

describe('migration of a kubeadm cluster', () => {
  beforeAll(async () => {
    await fairleadOk('lab', 'up', '--name', LAB, '--profile', 'kubeadm', '--nodes', '5', '--cluster-cidr', '10.244.0.0/16', '--apps');
    const said = await fairleadFor(1_200_000, 'migrate', '--via', `lab:${LAB}`, '--yes', '--gate-window', '5s', '--report', report);
    expect(said.code, said.stderr.slice(-4000)).toBe(0);
  }, 1_500_000);
  afterAll(async () => {
    await fairleadOk('lab', 'down', '--name', LAB);
    state.remove();
  });

  test('nothing unannounced was lost, and nothing beyond the cap was announced', async () => {
    await expectCleanReport(report, 5, 50_000);
    expect(readReport(report).beyondCap).toEqual([]);
  });

  test("policies are enforced, and nothing of Flannel is left: no DaemonSet, no namespace, no trace on a node", async () => {
    const cluster = await clusterOf(LAB);
    expect(await intruderStatus(cluster)).toBe(502);
    await cluster.waitFor({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-flannel' }, (object) => object === undefined, { timeoutMs: 60_000, what: 'the namespace kube-flannel to go' });
    cluster.close();
    expect(await fairleadOk('leftovers', '--via', `lab:${LAB}`)).toBe('nothing of Flannel is left on any node\n');
  });
});
