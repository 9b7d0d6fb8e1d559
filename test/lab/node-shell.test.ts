/** Every way to reach a node keeps the same promises; what is particular to one is tested below. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitUntil } from '../../src/cluster/wait.ts';
import { restartService } from '../../src/distro/service.ts';
import { podShells, type PodShells } from '../../src/node/pod/shell.ts';
import { NODE_NAMESPACE, NODE_SELECTOR } from '../../src/node/pod/manifests.ts';
import { runOrThrow } from '../../src/node/shell.ts';
import { startLab, type TestLab } from './support/lab.ts';
import { describeShellContract } from './support/shell-contract.ts';

let lab: TestLab;
let pods: PodShells;

beforeAll(async () => {
  lab = await startLab('b1', '--nodes', '2');
  pods = podShells(lab.cluster);
}, 300_000);
afterAll(async () => {
  await pods?.close();
  await lab?.down();
});

const NODE = 'b1-agent-1';

describeShellContract('lab', () => ({ shell: lab.shell(NODE), by: lab.shell(NODE) }));
describeShellContract('pod', () => ({ shell: pods.shell(NODE), by: lab.shell(NODE) }));

describe('pods that reach nodes', { timeout: 180_000 }, () => {
  const daemonSets = async (): Promise<string[]> => (await lab.cluster.list({ apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: NODE_NAMESPACE, labelSelector: NODE_SELECTOR })).map((one) => one.metadata.name);
  const podNames = async (): Promise<string[]> => (await lab.cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace: NODE_NAMESPACE, labelSelector: NODE_SELECTOR })).map((one) => one.metadata.name);

  test("a kubelet that dies in the middle is not taken for a success", async () => {
    const running = pods.shell(NODE).run(['sh', '-c', 'echo begun; sleep 30; echo done'], { timeoutMs: 40_000 });
    running.catch(() => undefined);
    await waitUntil(async () => ((await lab.shell(NODE).run(['pgrep', '-x', 'sleep', '-a'])).stdout.includes('sleep 30') ? true : undefined), { timeoutMs: 15_000, what: 'the command to run' });
    await lab.on(NODE, 'pkill', '-KILL', '-x', 'kubelet');
    await expect(running).rejects.toThrow(/the connection broke while .* ran; it is unknown whether it finished/);
    // Nothing of the next command can have run while the kubelet was away, so it is asked again until it is back.
    expect((await pods.shell(NODE).run(['echo', 'back'], { timeoutMs: 60_000 })).stdout).toBe('back\n');
  });

  test.each([['agent', NODE, 'k3s-agent'], ['server, which runs the only API server,', 'b1-server-1', 'k3s']])('the service of the %s restarts by way of itself', async (_role, node, service) => {
    const pid = async (): Promise<string> => runOrThrow(lab.shell(node), ['systemctl', 'show', '--property=MainPID', service]);
    const before = await pid();
    await restartService(pods.shell(node), service, { timeoutMs: 90_000 });
    expect(await pid()).not.toBe(before);
    expect((await pods.shell(node).run(['true'], { timeoutMs: 60_000 })).code).toBe(0);
  });

  test('a service that does not come up: the end of its journal is told', async () => {
    const unit = '/etc/systemd/system/broken.service';
    await lab.shell(NODE).write(unit, '[Service]\nExecStart=/bin/sleep 1000\n');
    await lab.on(NODE, 'systemctl', 'start', 'broken');
    await lab.shell(NODE).write(unit, '[Service]\nExecStart=/bin/ls /nowhere\n');
    await expect(restartService(pods.shell(NODE), 'broken', { timeoutMs: 60_000 })).rejects.toThrow(/service broken did not come up after a restart: it failed\n[^]*cannot access '\/nowhere'/);
    await expect(restartService(pods.shell(NODE), 'not-there', { timeoutMs: 5_000 })).rejects.toThrow(/not-there/);
  });

  test('an image that is not there: which pod, and why', async () => {
    const other = podShells(lab.cluster, { image: 'ghcr.io/fairlead/none:dev', startMs: 20_000 });
    try {
      await expect(other.shell(NODE).run(['true'])).rejects.toThrow(/b1-agent-1: (ErrImagePull|ImagePullBackOff)/);
    } finally {
      await other.close();
    }
  });

  test('runs do not disturb each other; what a killed one left is removed by the next; nothing stays', async () => {
    const alive = await daemonSets();
    expect(alive).toHaveLength(1);
    // A run that was killed: its lease is not renewed any more.
    const dead = 'fairlead-node-dead0000';
    const made = await lab.cluster.get({ apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: NODE_NAMESPACE, name: alive[0] ?? '' });
    const spec = JSON.parse(JSON.stringify(made?.['spec']).replaceAll(alive[0] ?? '', dead)) as Record<string, unknown>;
    await lab.cluster.create({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: dead, namespace: NODE_NAMESPACE, labels: { ...made?.metadata.labels, 'fairlead.dev/run': dead } }, spec });
    await lab.cluster.create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: dead, namespace: NODE_NAMESPACE }, spec: { holderIdentity: dead, leaseDurationSeconds: 15, renewTime: '2020-01-01T00:00:00.000000Z' } });
    const next = podShells(lab.cluster);
    expect((await next.shell(NODE).run(['hostname'])).stdout).toBe(`${NODE}\n`);
    await next.close();
    expect(await daemonSets()).toEqual(alive);
    expect((await pods.shell(NODE).run(['hostname'])).stdout).toBe(`${NODE}\n`);
    await pods.close();
    expect(await daemonSets()).toEqual([]);
    expect(await podNames()).toEqual([]);
    expect((await lab.cluster.list({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: NODE_NAMESPACE })).map((one) => one.metadata.name)).toEqual([]);
  });
});
