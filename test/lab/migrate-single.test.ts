/** A single K3s node with applications: everything stops once, as announced and accepted by name; the way back is the same. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isReady, type PodObject } from '../../src/cluster/objects.ts';
import { fairlead, fairleadFor, fairleadOk } from './support/fairlead.ts';
import { nodePod, startLab, untilReady, type TestLab } from './support/lab.ts';
import { expectCleanReport, intruderStatus, ownState, readReport } from './support/migration.ts';

const LAB = 'ms';
const VIA = ['--via', `lab:${LAB}`];
const NODE = `${LAB}-server-1`;
const BEYOND = ['pod-to-service', 'dns', 'api-server', 'node-port', 'egress'];
const ACCEPTED = BEYOND.flatMap((name) => ['--accept', name]);
const state = ownState();
const report = (name: string): string => join(state.dir, name);
/** One agent asks DNS and the API server once a second, and a gate wants ten answers of each. */
const migrate = (...words: string[]) => fairleadFor(900_000, 'migrate', ...words, ...VIA, '--gate-window', '12s');

describe('migration of a single node', () => {
  let lab: TestLab;
  const shop = async (): Promise<PodObject[]> => lab.cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace: 'shop' });

  beforeAll(async () => {
    lab = await startLab(LAB, '--nodes', '1', '--apps');
  }, 300_000);
  afterAll(async () => {
    await lab.down();
    state.remove();
  });

  test('a pod that nobody would start again is named, and the plan refused', async () => {
    await lab.apply(nodePod('alone', NODE));
    await untilReady(lab, 'alone');
    const said = await fairlead('plan', '--to', 'calico', ...VIA);
    expect(said.code).toBe(1);
    expect(said.stdout).toContain('expected no pod without a controller; seen: default/alone');
    expect((await lab.kubectl('delete', 'pod', 'alone', '--wait')).code).toBe(0);
  });

  test('the plan says first what stops, and for how long at most; without leave by name it is not carried out', async () => {
    const [first = '', ...rest] = (await fairleadOk('plan', '--to', 'calico', ...VIA)).split('\n');
    expect(first).toMatch(new RegExp(`node:${NODE}/clear: pod-to-pod, host-to-pod, pod-to-service, dns, api-server, node-port, long-lived, egress, denied from and to ${NODE}, at most [\\d.]+ (s|min): all pods on the pod network restart once`));
    expect(rest.join('\n')).not.toMatch(/\/(drain|uncordon|harden-dns)/);
    const said = await migrate('--yes', '--accept', 'api-server');
    expect(said.code).toBe(2);
    expect(said.stderr).toContain(`add ${BEYOND.filter((name) => name !== 'api-server').map((name) => `--accept ${name}`).join(' ')}`);
  });

  test('Calico cannot start: the node goes back to Flannel by itself, and every pod is there again', { timeout: 1_200_000 }, async () => {
    await fairleadOk('lab', 'fault', 'calico-cannot-start', '--name', LAB, '--node', 'server-1', '--at-step', `node:${NODE}/handover`);
    const failed = await migrate('--yes', ...ACCEPTED, '--report', report('failed'));
    expect(failed.code, failed.stderr.slice(-3000)).toBe(4);
    expect(readReport(report('failed'))).toMatchObject({ nodes: [{ name: NODE, cni: 'flannel' }], totals: { unannouncedLost: 0 } });
    expect((await shop()).every(isReady)).toBe(true);
    // Flannel enforces no policy.
    expect(await intruderStatus(lab.cluster)).toBe(200);
    await fairleadOk('lab', 'fault', 'clear', '--name', LAB);
    const back = await migrate('rollback', '--all');
    expect(back.code, back.stderr.slice(-3000)).toBe(0);
  });

  test('carried through: every pod restarted once, nothing unannounced was lost, policies are enforced', { timeout: 1_200_000 }, async () => {
    const before = new Set((await shop()).map((pod) => pod.metadata.uid));
    const said = await migrate('--yes', ...ACCEPTED, '--report', report('migrated'));
    expect(said.code, said.stderr.slice(-3000)).toBe(0);
    expect(said.stdout).toContain('Announced beyond the default cap');
    const counted = await expectCleanReport(report('migrated'), 1, 1_000);
    expect(counted.totals.announcedLost).toBeGreaterThan(0);
    const after = await shop();
    expect(after.every((pod) => isReady(pod) && !before.has(pod.metadata.uid))).toBe(true);
    expect(after.flatMap((pod) => pod.status?.containerStatuses?.map((status) => status.restartCount) ?? []).every((count) => count === 0)).toBe(true);
    expect(await intruderStatus(lab.cluster)).toBe(502);
    expect(await fairleadOk('leftovers', ...VIA)).toBe('nothing of Flannel is left on any node\n');
  });
});
