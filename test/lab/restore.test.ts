/** The snapshot of step `backup`, restored by the commands of the handbook: objects are as they were, and the cluster works. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject, NodeObject, PodObject } from '../../src/cluster/objects.ts';
import { waitUntil } from '../../src/cluster/wait.ts';
import type { DatastoreSnapshot } from '../../src/distro/distribution.ts';
import { backup } from '../../src/migrate/routes/backup.ts';
import { draftPlan } from '../../src/migrate/routes/flannel-to-calico/route.ts';
import type { StepContext } from '../../src/migrate/steps/context.ts';
import type { StepSpec } from '../../src/migrate/types.ts';
import { fairleadOk } from './support/fairlead.ts';
import { handbookCommands } from './support/handbook.ts';
import { getScript, inPod, nodePod, startLab, untilReady, type TestLab } from './support/lab.ts';

/** What stands for commands of the handbook about static pods and kube-proxy's DaemonSet where all of these are services; each on the nodes that it is for. */
const AS_SERVICES: Record<string, { where: string; argv: string[] }> = {
  'mv /etc/kubernetes/manifests /etc/kubernetes/manifests.off': { where: 'on the control-plane node', argv: ['systemctl', 'stop', 'kube-scheduler', 'kube-controller-manager', 'kube-apiserver', 'etcd'] },
  'mv /etc/kubernetes/manifests.off /etc/kubernetes/manifests': { where: 'on the control-plane node', argv: ['systemctl', 'start', 'etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] },
  'kubectl --kubeconfig=/etc/kubernetes/admin.conf -n kube-system rollout restart daemonset kube-proxy': { where: 'on every node', argv: ['systemctl', 'restart', 'kube-proxy'] },
};

/** In the command line of a pod that is made after the snapshot. */
const MARK = 'made-after-the-snapshot';
/** Finds it, but not the shell that runs the search. */
const PATTERN = '[m]ade-after-the-snapshot';

const settings = (name: string, value: string): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { value } });

function web(replicas: number): KubeObject {
  const { nodeName: _nodeName, ...spec } = nodePod('web', '', "require('node:http').createServer((_, answer) => answer.end('web')).listen(8080)")['spec'] as Record<string, unknown>;
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' }, spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec } } };
}

describe.each([
  { profile: 'k3s', name: 'dr', heading: 'K3s with embedded etcd' },
  { profile: 'kubeadm', name: 'ds', heading: 'kubeadm' },
])('restoring the datastore, profile $profile', ({ profile, name, heading }) => {
  let lab: TestLab;
  let ctx: StepContext;
  let step: StepSpec;
  let snapshot: DatastoreSnapshot;
  /** Of objects at the time of the snapshot. */
  const uids: Record<string, string | undefined> = {};
  let restoredAt = 0;
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-restore-'));

  const configMap = async (of: string): Promise<KubeObject | undefined> => lab.cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: of });
  const deployment = async (): Promise<KubeObject | undefined> => lab.cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'web' });
  const webPods = async (): Promise<PodObject[]> => lab.cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', labelSelector: 'app=web' });

  /** The API server answers that it is ready; until it has filled its caches it says that it is not. */
  const untilServed = async (): Promise<unknown> => waitUntil(async () => ((await lab.kubectl('get', '--raw', '/readyz')).code === 0 ? true : undefined), { timeoutMs: 60_000, what: 'the API server to be ready' });

  beforeAll(async () => {
    lab = await startLab(name, '--nodes', '3', '--profile', profile);
    ctx = { cluster: lab.cluster, shell: (node) => lab.shell(node), backupDir: join(dir, 'backup'), waiting: () => undefined };
    await lab.apply(settings('kept', 'before'), settings('deleted', 'before'), web(2));
    expect(await lab.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')).toMatchObject({ code: 0 });
    for (const of of ['kept', 'deleted']) uids[of] = (await configMap(of))?.metadata.uid;
    uids['web'] = (await deployment())?.metadata.uid;
    step = (await draftPlan(lab.cluster, (node) => lab.shell(node))).plan?.steps.find(({ kind }) => kind === 'backup') as StepSpec;
    await backup.apply(ctx, step, null);
    snapshot = JSON.parse(readFileSync(join(ctx.backupDir, 'datastore.json'), 'utf8')) as DatastoreSnapshot;
  }, 900_000);
  afterAll(async () => {
    lab.cluster.close();
    rmSync(dir, { recursive: true, force: true });
    await fairleadOk('lab', 'down', '--name', name);
  });

  test('the backup is judged: sound as it is; not when a file or the snapshot is missing, empty or damaged', async () => {
    const judge = async (): Promise<{ ok: boolean; evidence: string[] }> => backup.verify(ctx, step, null);
    expect(await judge()).toMatchObject({ ok: true, evidence: [expect.stringMatching(/: \d+ bytes; sound by `.*snapshot status/), expect.stringContaining('network state of 3 nodes')] as string[] });
    const named = join(ctx.backupDir, 'datastore.json');
    const whole = readFileSync(named, 'utf8');
    const damaged = `${snapshot.path}.damaged`;
    for (const [size, expected] of [[undefined, 'is not on'], [0, 'there is nothing in it'], [40_000, 'unsound by']] as const) {
      if (size !== undefined) await lab.on(snapshot.node, 'sh', '-c', 'head -c "$1" "$2" > "$3"', 'sh', String(size), snapshot.path, damaged);
      writeFileSync(named, JSON.stringify({ ...snapshot, path: damaged }));
      expect(await judge()).toMatchObject({ ok: false, evidence: expect.arrayContaining([expect.stringContaining(expected)]) as string[] });
    }
    await lab.on(snapshot.node, 'rm', damaged);
    writeFileSync(named, whole.slice(0, 20));
    expect(await judge()).toMatchObject({ ok: false, evidence: [expect.stringContaining('datastore.json cannot be read back')] as string[] });
    writeFileSync(named, whole);
    const ofNode = join(ctx.backupDir, 'nodes', `${lab.nodes[1]}.json`);
    const state = readFileSync(ofNode, 'utf8');
    rmSync(ofNode);
    expect(await judge()).toMatchObject({ ok: false, evidence: [expect.stringContaining(`${lab.nodes[1]}.json cannot be read back`)] as string[] });
    writeFileSync(ofNode, state);
    expect(await judge()).toMatchObject({ ok: true });
  });

  test('objects are created, changed and deleted after the snapshot', async () => {
    await lab.apply(settings('kept', 'after'), settings('created', 'after'), web(3), nodePod('late', lab.nodes[1], `'${MARK}'`));
    await lab.cluster.delete({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'deleted' });
    await untilReady(lab, 'late');
    expect(await lab.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')).toMatchObject({ code: 0 });
    expect(await lab.on(lab.nodes[1], 'pgrep', '--full', PATTERN)).not.toBe('');
    expect([await configMap('deleted'), (await webPods()).length]).toEqual([undefined, 3]);
  });

  test('the commands of the handbook are carried out', { timeout: 600_000 }, async () => {
    const [server, ...agents] = lab.nodes;
    const targets: Record<string, string[]> = { 'on the server': [server], 'on the control-plane node': [server], 'on every agent': agents, 'on every node': lab.nodes };
    const { address } = lab.state.nodes.find((node) => node.name === server) ?? { address: '' };
    for (const { where, line } of handbookCommands(heading)) {
      const command = AS_SERVICES[line] ?? { where, argv: line.replaceAll('NODE', server).replaceAll('ADDRESS', address).replaceAll('FILE', snapshot.path).split(' ') };
      expect(targets, line).toHaveProperty([command.where]);
      // A service that has just been started takes a moment to answer.
      if (command.argv[0] === 'kubectl') await untilServed();
      for (const node of targets[command.where] ?? []) expect(await lab.shell(node).run(command.argv, { timeoutMs: 180_000 }), `${node}: ${command.argv.join(' ')}`).toMatchObject({ code: 0 });
    }
    restoredAt = Date.now();
  });

  test('objects are as at the snapshot', async () => {
    await untilServed();
    expect(await configMap('kept')).toMatchObject({ metadata: { uid: uids['kept'] }, data: { value: 'before' } });
    expect(await configMap('deleted')).toMatchObject({ metadata: { uid: uids['deleted'] }, data: { value: 'before' } });
    expect(await configMap('created')).toBeUndefined();
    expect(await deployment()).toMatchObject({ metadata: { uid: uids['web'] }, spec: { replicas: 2 } });
    expect(await lab.cluster.get({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'late' })).toBeUndefined();
  });

  test('every node reports anew and is Ready; pods that are not in the snapshot end, the others run', { timeout: 300_000 }, async () => {
    await waitUntil(async () => {
      const nodes = await lab.cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' });
      const leases = await lab.cluster.list({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'kube-node-lease' });
      const renewed = leases.filter((lease) => Date.parse((lease['spec'] as { renewTime?: string }).renewTime ?? '') > restoredAt);
      const ready = nodes.filter((node) => node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'));
      return renewed.length === 3 && ready.length === 3 ? true : undefined;
    }, { timeoutMs: 120_000, what: 'three nodes that report again and are Ready' });
    await waitUntil(async () => ((await lab.shell(lab.nodes[1]).run(['pgrep', '--full', PATTERN])).code === 1 ? true : undefined), { timeoutMs: 120_000, what: 'the container of a pod that was made after the snapshot to end' });
    await waitUntil(async () => ((await webPods()).filter((pod) => pod.status?.phase === 'Running').length === 2 ? true : undefined), { timeoutMs: 120_000, what: 'two pods of the Deployment' });
  });

  test('new pods start on every node, and reach one another', { timeout: 300_000 }, async () => {
    const fresh = lab.nodes.map((node, index) => nodePod(`fresh-${index}`, node));
    await lab.apply(...fresh);
    await untilReady(lab, ...fresh.map((pod) => pod.metadata.name));
    for (const pod of await webPods()) for (const from of fresh) expect(await inPod(lab, from.metadata.name, getScript(`http://${pod.status?.podIP}:8080/`)), `${from.metadata.name} to ${pod.metadata.name}`).toBe('web');
  });
});
