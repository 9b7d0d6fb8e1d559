/**
 * The whole job with hosts reached through the API server, also while the only API server and each node's kubelet restart,
 * by an account that may do what `fairlead rbac migrate` says and nothing else.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NODE_NAMESPACE, NODE_SELECTOR } from '../../src/node/pod/manifests.ts';
import { fairlead, fairleadFor, fairleadOk } from './support/fairlead.ts';
import { startLab, type TestLab } from './support/lab.ts';
import { expectCleanReport, intruderStatus, ownState, readReport } from './support/migration.ts';
import { restrictedKubeconfig, USER } from './support/restricted.ts';

const LAB = 'mpod';
const state = ownState();
const report = join(state.dir, 'report');
const kubeconfig = join(state.dir, 'operator.kubeconfig');
const reach = ['--via', 'pod', '--kubeconfig', kubeconfig];

describe('migration by way of pods', () => {
  let lab: TestLab;
  beforeAll(async () => {
    lab = await startLab(LAB, '--nodes', '3', '--apps');
    await restrictedKubeconfig(lab, kubeconfig, 'migrate', '--via', 'pod');
  }, 600_000);
  afterAll(async () => {
    await lab.down();
    state.remove();
  });

  test.each([['get', 'secrets', 'kube-system'], ['create', 'pods', 'default'], ['patch', 'deployments', 'shop'], ['create', 'pods', 'kube-system', '--subresource=exec']])('the account may not %s %s in %s %s', async (verb, resource, namespace, ...more) => {
    expect(await lab.kubectl('auth', 'can-i', verb, resource, '-n', namespace, '--as', USER, ...more)).toMatchObject({ code: 1, stdout: 'no\n' });
  });

  test('the plan says what is not measured', async () => {
    const plan = await fairleadOk('plan', '--to', 'calico', ...reach);
    expect(plan).toMatch(/unknown Traffic from and to the outside is measured: no prober outside the cluster: what becomes of node-port and egress traffic stays unknown/);
  });

  test('a killed migration is taken back as a whole', { timeout: 1_200_000 }, async () => {
    await fairleadOk('lab', 'fault', 'kill-tool', '--name', LAB, '--at-step', `node:${LAB}-agent-1/prove`);
    const killed = await fairleadFor(900_000, 'migrate', ...reach, '--accept', 'api-server', '--yes', '--gate-window', '4s');
    expect(killed.code, killed.stderr.slice(-4000)).toBe(137);
    const back = await fairleadFor(900_000, 'migrate', 'rollback', '--all', ...reach, '--gate-window', '4s');
    expect(back.code, back.stderr.slice(-4000)).toBe(0);
    expect(await lab.cluster.get({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'calico-node' })).toBeUndefined();
  });

  test('nothing unannounced is lost, and what was not measured is not said to be whole', { timeout: 1_500_000 }, async () => {
    const said = await fairleadFor(1_400_000, 'migrate', ...reach, '--accept', 'api-server', '--yes', '--gate-window', '8s', '--report', report);
    expect(said.code, said.stderr.slice(-4000)).toBe(0);
    expect(said.stdout).toMatch(/^PASS: 0 of [\d,]+ lost .* Not measured, so unknown: node-port, egress\./);
    await expectCleanReport(report, 3, 15_000);
    expect(readReport(report).unmeasured).toEqual(['node-port', 'egress']);
  });

  test('policies are enforced, nothing of Flannel is left, and nothing of ours', { timeout: 300_000 }, async () => {
    const { cluster } = lab;
    expect(await intruderStatus(cluster)).toBe(502);
    expect(await fairleadOk('leftovers', ...reach)).toBe('nothing of Flannel is left on any node\n');
    expect((await fairlead('leftovers', ...reach, '--context', 'nowhere')).code).toBe(2);
    expect(await cluster.list({ apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: NODE_NAMESPACE, labelSelector: NODE_SELECTOR })).toEqual([]);
    expect(await cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace: NODE_NAMESPACE, labelSelector: NODE_SELECTOR })).toEqual([]);
  });
});
