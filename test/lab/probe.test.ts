/** Measuring a cluster that nobody touches; ending that early, at once, and with nobody collecting. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PodObject } from '../../src/cluster/objects.ts';
import { waitUntil } from '../../src/cluster/wait.ts';
import { labPaths } from '../../src/lab/paths.ts';
import { Mesh } from '../../src/probe/mesh/mesh.ts';
import { readSamples } from '../../src/probe/mesh/sink.ts';
import { takeDown, waitUntilGone } from '../../src/probe/mesh/take-down.ts';
import { probeReportSchema } from '../../src/probe/run/report-schema.ts';
import { PROBE_CLASSES } from '../../src/probe/types.ts';
import type { Sample } from '../../src/probe/types.ts';
import { labMesh } from './support/collector.ts';
import { fairlead, fairleadOk, startFairlead, startScript } from './support/fairlead.ts';
import { startLab, type TestLab } from './support/lab.ts';
import { readReport, recount } from './support/migration.ts';

const NAME = 'probe';
/** How long an agent sends while nobody collects. */
const UNCOLLECTED_MS = 3_000;
const VIA = ['--via', `lab:${NAME}`];
const dir = mkdtempSync(join(tmpdir(), 'fairlead-probe-test-'));
let lab: TestLab;
beforeAll(async () => {
  lab = await startLab(NAME, '--nodes', '3');
});
afterAll(async () => {
  await lab.down();
  rmSync(dir, { recursive: true, force: true });
});

/** Objects and processes of the mesh that are still there; its namespace and key stay. */
async function left(): Promise<string[]> {
  const { stdout } = await lab.kubectl('-n', 'fairlead-system', 'get', 'pods,daemonsets,services,networkpolicies,serviceaccounts', '-o', 'name');
  return [...stdout.split('\n').filter((name) => name !== '' && name !== 'serviceaccount/default'), ...(existsSync(join(labPaths(NAME).dir, 'outside')) ? ['the prober outside'] : [])];
}
const reportOf = (name: string): ReturnType<typeof probeReportSchema.parse> => probeReportSchema.parse(readReport(join(dir, name)));

describe('fairlead probe', { timeout: 400_000 }, () => {
  test('measures every class of an untouched cluster, loses nothing, and leaves nothing', async () => {
    const said = await fairlead('probe', ...VIA, '--for', '20s', '--report', join(dir, 'quiet'));
    expect(said.code, said.stdout + said.stderr).toBe(0);
    expect(said.stdout).toMatch(/^PASS: 0 of [\d,]+ lost \(≤ [\d.]+ % at 95 %/);
    const report = reportOf('quiet');
    const counted = await recount(join(dir, 'quiet'));
    expect(counted.totals).toEqual(report.totals);
    expect(counted.classes).toEqual(report.classes);
    expect(Object.keys(report.classes)).toEqual(PROBE_CLASSES);
    expect(report.notMeasured).toEqual([]);
    expect(report.canaries).toEqual({ policies: 'as-found', expected: Object.fromEntries(lab.nodes.map((node) => [node, 'open'])) });
    expect(report.agents.map((agent) => agent.name)).toEqual([...lab.nodes.map((node) => `host/${node}`), 'outside', ...lab.nodes.map((node) => `pod/${node}`)].toSorted());
    for (const agent of report.agents) expect(agent).toMatchObject({ cpu: expect.toSatisfy((cpu: number) => cpu > 0 && cpu < 1) as number, maxRssBytes: expect.toSatisfy((rss: number) => rss > 20e6 && rss < 100e6) as number });
    expect(await left()).toEqual([]);
  });

  test('holds canaries against what the user says', async () => {
    const said = await fairlead('probe', ...VIA, '--for', '5s', '--policies', 'enforced', '--report', join(dir, 'enforced'));
    expect(said.code).toBe(1);
    const { classes, totals, verdict } = reportOf('enforced');
    expect(verdict).toBe('fail');
    expect(classes.denied?.lost).toBe(classes.denied?.sent);
    expect(totals.lost).toBe(classes.denied?.lost);
  });

  test('ends early when it is interrupted, with what there is', async () => {
    const running = startFairlead('probe', ...VIA, '--for', '10m', '--report', join(dir, 'early'));
    await running.said('probing for 10 min');
    running.child.kill('SIGINT');
    expect([0, 1]).toContain(await running.ended);
    expect(running.stderr()).toContain(`\`fairlead probe down --via lab:${NAME}\` removes them`);
    expect(reportOf('early')).toMatchObject({ interrupted: true, requestedMs: 600_000 });
    expect(await left()).toEqual([]);
  });

  test('what a killed run leaves is not taken over in silence, and can be removed', async () => {
    const running = startFairlead('probe', ...VIA, '--for', '10m');
    await running.said('probing for 10 min');
    running.child.kill('SIGKILL');
    expect(await running.ended).toBe('SIGKILL');
    const again = await fairlead('probe', ...VIA);
    expect(again.code).toBe(3);
    expect(again.stderr).toContain('`fairlead probe down`');
    expect(await left()).not.toEqual([]);
    await fairleadOk('probe', 'down', ...VIA);
    expect(await left()).toEqual([]);
  });
});

describe('a collector that is killed', { timeout: 400_000 }, () => {
  test('counts, when it is back, what a pod had sent that went meanwhile', async () => {
    const samplesDir = join(dir, 'killed');
    const running = startScript(new URL('support/collector.ts', import.meta.url), NAME, samplesDir);
    await running.said('measuring');
    running.child.kill('SIGKILL');
    expect(await running.ended).toBe('SIGKILL');
    const node = lab.nodes[1];
    const agents = async (): Promise<PodObject[]> => (await lab.cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace: 'fairlead-system', fieldSelector: `spec.nodeName=${node}`, labelSelector: 'fairlead.dev/agent=pod' }));
    const [before] = await agents();
    // Each class is due at least once a second: none may have had all its samples collected.
    await sleep(UNCOLLECTED_MS);
    const deletedAt = Date.now();
    await lab.kubectl('-n', 'fairlead-system', 'delete', 'pod', before?.metadata.name ?? '');
    const goneAt = Date.now();
    await waitUntil(async () => ((await agents()).some((pod) => pod.metadata.uid !== before?.metadata.uid) ? true : undefined), { timeoutMs: 60_000, what: 'another agent in its place' });
    const options = await labMesh(NAME, samplesDir);
    try {
      const mesh = await Mesh.up(options);
      await mesh.settled();
      const { totals } = await mesh.stop();
      const samples: Sample[] = [];
      for await (const sample of readSamples(mesh.samplesPath)) samples.push(sample);
      const lost = samples.filter((sample) => sample.error === 'never collected');
      expect(new Set(lost.map((sample) => sample.from))).toEqual(new Set([`pod/${node}`]));
      // It sent until the kubelet stopped it, not until its pod was gone.
      const last = Math.max(...lost.map((sample) => sample.t));
      expect(goneAt - deletedAt).toBeGreaterThan(4_000);
      expect(last).toBeGreaterThan(deletedAt - 1_000);
      expect(last).toBeLessThan(deletedAt + 4_000);
      expect(new Set(lost.map((sample) => sample.class))).toEqual(new Set(['pod-to-pod', 'pod-to-service', 'dns', 'api-server', 'long-lived', 'egress', 'denied']));
      expect(totals.lost).toBe(samples.filter((sample) => !sample.ok).length);
    } finally {
      await takeDown(options);
      await waitUntilGone(options);
    }
  });
});
