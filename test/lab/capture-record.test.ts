/** Recording in a living cluster: a pod and two nodes at once, what passes between them, and nothing left anywhere. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitUntil } from '../../src/cluster/wait.ts';
import type { PodObject } from '../../src/cluster/objects.ts';
import { readManifest } from '../../src/packets/record/manifest.ts';
import type { CaptureReport } from '../../src/packets/report/schema.ts';
import { fairlead, fairleadOk, startFairlead } from './support/fairlead.ts';
import { getScript, inPod, nodePod, startLab, untilReady, type TestLab } from './support/lab.ts';
import { restrictedKubeconfig } from './support/restricted.ts';

const LAB = 'rec';
const dir = mkdtempSync(join(tmpdir(), 'fairlead-record-'));
/** May do what `fairlead rbac capture --via pod` says and nothing else. */
const kubeconfig = join(dir, 'operator.kubeconfig');
const SERVER = "require('http').createServer((_, answer) => answer.end('the answer')).listen(8080)";
let lab: TestLab;
let address: string;

beforeAll(async () => {
  lab = await startLab(LAB, '--nodes', '2');
  const [first, second] = lab.nodes;
  await lab.apply(nodePod('client', first), nodePod('server', second, SERVER));
  await untilReady(lab, 'client', 'server');
  await restrictedKubeconfig(lab, kubeconfig, 'capture', '--via', 'pod');
  address = (await lab.cluster.get<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'server' }))?.status?.podIP ?? '';
}, 300_000);
afterAll(async () => {
  await lab?.down();
  rmSync(dir, { recursive: true, force: true });
});

/** Files and processes of recordings on the nodes, once what ends there has ended: a keeper looks once a second. */
async function left(): Promise<string[]> {
  const names = 'fairlead-capture-[0-9a-f]{8}';
  const look = async (): Promise<string[]> => {
    const found = await Promise.all(lab.nodes.map((node) => lab.on(node, 'sh', '-c', 'ls /var/tmp | grep -E "$0"; ps -eo args | grep -E "$0"; true', names)));
    return found.flatMap((text) => text.split('\n').filter((line) => line !== ''));
  };
  const none = async (): Promise<true | undefined> => ((await look()).length === 0 ? true : undefined);
  return await waitUntil(none, { timeoutMs: 15_000, what: 'recordings to end on the nodes' }).then(() => [], look);
}

/** Asks the server until `over` says that it is enough. */
async function ask(over: () => boolean): Promise<void> {
  while (!over()) await inPod(lab, 'client', getScript(`http://${address}:8080/`, 1000));
}

describe.each([['lab', () => [`lab:${LAB}`]], ['pod', () => ['pod', '--kubeconfig', kubeconfig]]] as const)('via %s', (name, via) => {
  test('a pod and two nodes: packets are followed from one to the other, and their payload stays where it was', { timeout: 300_000 }, async () => {
    const to = join(dir, name);
    const recording = startFairlead('capture', 'record', 'default/client', ...lab.nodes.slice(0, 2), '--via', ...via(), '--to', to, '--for', '8s');
    let over = false;
    await recording.said('recording at');
    const asking = ask(() => over);
    expect(await recording.ended, recording.stderr()).toBe(0);
    over = true;
    await asking;
    expect(readdirSync(to).toSorted()).toEqual(['default_client.pcap', 'recording.json', ...lab.nodes.slice(0, 2).map((node) => `${node}.pcap`)].toSorted());
    for (const file of readdirSync(to)) expect(readFileSync(join(to, file)).includes('the answer')).toBe(false);
    const said = await fairlead('capture', to, '-o', 'json');
    const report = JSON.parse(said.stdout) as CaptureReport;
    expect(report.signatures.filter(({ weight }) => weight === 'fault')).toEqual([]);
    const passed = report.paths.find(({ flow }) => flow.includes(`→ ${address}:8080`));
    expect(passed?.points.some((point) => point.endsWith(' of default/client'))).toBe(true);
    for (const node of lab.nodes.slice(0, 2)) expect(passed?.points.some((point) => point.endsWith(` of ${node}`)), `${passed?.points.join(' → ')}`).toBe(true);
    expect(await left()).toEqual([]);
  });
});

test('it ends by itself when a connection fails, with the seconds before', { timeout: 300_000 }, async () => {
  const to = join(dir, 'fails');
  const recording = startFairlead('capture', 'record', 'default/client', '--via', `lab:${LAB}`, '--to', to, '--for', '3m', '--before', '5s', '--until-fails', `default/client → ${address}:8080`);
  await recording.said('recording at');
  await inPod(lab, 'client', getScript(`http://${address}:8080/`));
  expect((await lab.kubectl('delete', 'pod', 'server', '--grace-period=0', '--force')).code).toBe(0);
  expect(await recording.ended, recording.stderr()).toBe(0);
  const manifest = readManifest(to);
  expect(manifest).toMatchObject({ stopped: 'failure', failure: { attempt: `default/client → ${address}:8080` } });
  expect(Date.parse(manifest?.endedAt ?? '') - Date.parse(manifest?.startedAt ?? '')).toBeLessThan(30_000);
  expect(manifest?.points[0]?.packets).toBeGreaterThan(0);
  expect(await left()).toEqual([]);
});

test('Ctrl-C ends it early and keeps what there is; a kill ends it within the nodes’ own time', { timeout: 600_000 }, async () => {
  const to = join(dir, 'interrupted');
  const recording = startFairlead('capture', 'record', ...lab.nodes.slice(0, 2), '--via', `lab:${LAB}`, '--to', to, '--for', '10m');
  await recording.said('recording at');
  recording.child.kill('SIGINT');
  expect(await recording.ended, recording.stderr()).toBe(0);
  expect(readManifest(to)).toMatchObject({ stopped: 'interrupted' });
  expect(await left()).toEqual([]);

  const killed = startFairlead('capture', 'record', ...lab.nodes.slice(0, 2), '--via', `lab:${LAB}`, '--to', join(dir, 'killed'), '--for', '10m');
  await killed.said('recording at');
  killed.child.kill('SIGKILL');
  await killed.ended;
  expect((await left()).length).toBeGreaterThan(0);
  await waitUntil(async () => ((await left()).length === 0 ? true : undefined), { timeoutMs: 240_000, what: 'the nodes to end the recording', intervalMs: 5000 });
});

test('what is not there is said before anything is recorded', { timeout: 120_000 }, async () => {
  const record = (...words: string[]) => fairlead('capture', 'record', '--via', `lab:${LAB}`, '--to', join(dir, 'nothing'), '--for', '5s', ...words);
  expect(await record('nowhere')).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no Node nowhere') as string });
  expect(await record('default/nowhere')).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no Pod default/nowhere') as string });
  expect(await record(lab.nodes[0], '--filter', 'tcp prot 80')).toMatchObject({ code: 2, stderr: expect.stringContaining('does not take the filter "tcp prot 80"') as string });
  expect(await fairleadOk('rbac', 'capture')).toContain('pods');
  expect(await left()).toEqual([]);
});
