/** The mesh with real agents as processes on loopback: what is lost is counted, what is not is not. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitUntil } from '../../cluster/wait.ts';
import { aggregate } from '../stats/aggregate.ts';
import { LocalCluster } from '../testing/local-cluster.ts';
import type { AnnouncedWindow, Sample } from '../types.ts';
import { Mesh } from './mesh.ts';
import type { MeshOptions } from './mesh-options.ts';
import { readSamples } from './sink.ts';

/** Bundling the agent takes long on a busy machine. */
const HOOK_MS = 60_000;

let cluster: LocalCluster;
let dir: string;
beforeEach(async () => {
  cluster = await LocalCluster.start(3);
  dir = mkdtempSync(join(tmpdir(), 'fairlead-samples-'));
}, HOOK_MS);
afterEach(async () => {
  await cluster.stop();
  rmSync(dir, { recursive: true, force: true });
}, HOOK_MS);

const up = (change: Partial<MeshOptions> = {}): Promise<Mesh> =>
  Mesh.up({ kube: cluster.kube, shell: (node) => cluster.shell(node), dir, kubeletDir: cluster.kubeletDir, canary: { n1: 'open', n2: 'open', n3: 'open' }, ...change });
const collected = async (): Promise<Sample[]> => {
  const samples: Sample[] = [];
  for await (const sample of readSamples(join(dir, 'samples.ndjson.gz'))) samples.push(sample);
  return samples;
};
/** What was lost, but for stand-ins in this very process that were too slow: unlike agents they cannot own up to it. */
const lostOf = (samples: readonly Sample[]): Sample[] => samples.filter((s) => !s.ok && !(s.lagged && (s.class === 'api-server' || s.class === 'dns')));
const sent = (mesh: Mesh): number => mesh.aggregate.totals.sent;
const untilSent = (mesh: Mesh, more: number): Promise<unknown> => {
  const target = sent(mesh) + more;
  return waitUntil(async () => (sent(mesh) >= target ? true : undefined), { timeoutMs: 60_000, what: `${more} more samples` });
};

describe('Mesh', { timeout: 120_000 }, () => {
  it('loses nothing while nothing happens, and every figure follows from the samples', async () => {
    const mesh = await up({ outside: cluster.outside, nodePort: 31_772 });
    const start = Date.now();
    await waitUntil(async () => (Date.now() - start > 20_000 ? true : undefined), { timeoutMs: 30_000, what: 'twenty quiet seconds' });
    const { classes } = await mesh.stop();
    await mesh.down();
    const samples = await collected();
    expect(lostOf(samples)).toEqual([]);
    expect(Object.keys(classes).toSorted()).toEqual(['api-server', 'denied', 'dns', 'egress', 'host-to-pod', 'long-lived', 'node-port', 'pod-to-pod', 'pod-to-service']);
    expect(aggregate(samples).classes).toEqual(classes);
    // Six ordered pairs: 20 UDP, 5 TCP and 1 bulk each second; a busy machine skips some.
    expect(classes['pod-to-pod']?.sent).toBeGreaterThan(20 * 6 * 10);
    expect(classes['pod-to-pod']?.smallestVisibleGapMs).toBeLessThan(3_000);
    expect(classes['long-lived']?.sent).toBeGreaterThan(20 * 6 * 4);
    expect(mesh.breaks).toEqual([]);
    expect(new Set(samples.filter((s) => s.class === 'denied').map((s) => s.seen))).toEqual(new Set(['open']));
    for (const usage of mesh.usage) expect(usage.maxRssBytes).toBeLessThan(100e6);
  });

  it('counts what a killed agent does not answer, as announced only within its announcement', async () => {
    const window: AnnouncedWindow = { id: 'w1', step: 's', classes: ['pod-to-pod'], scope: 'to', node: 'n2', maxMs: 1_500, reason: 'test', openedAt: 0, closedAt: null };
    const mesh = await up();
    await untilSent(mesh, 200);
    const killedAt = Date.now();
    mesh.announce({ ...window, openedAt: killedAt });
    cluster.agent('pod', 'n2').kill('SIGKILL');
    await waitUntil(async () => (Date.now() - killedAt > 4_000 ? true : undefined), { timeoutMs: 10_000, what: 'four seconds' });
    const { classes } = await mesh.stop();
    const samples = await collected();
    const lost = lostOf(samples);
    expect(lost.every((s) => s.to === 'pod/n2' || s.from === 'pod/n2' || s.to === 'service/fairlead-agent')).toBe(true);
    // Four seconds of UDP at 20/s from two pods; a busy machine skips some.
    expect(classes['pod-to-pod']?.lost).toBeGreaterThan(2 * 4 * 8);
    expect(classes['pod-to-pod']?.announcedLost).toBeGreaterThan(2 * 1 * 8);
    expect(classes['pod-to-pod']?.unannouncedLost).toBeGreaterThan(2 * 2 * 8);
    for (const s of lost.filter((x) => x.announcedBy === 'w1')) expect(s.t).toBeLessThanOrEqual(killedAt + 1_500);
    expect(classes['long-lived']?.broken).toBeGreaterThan(0);
    expect(new Set(mesh.breaks.map((b) => b.to))).toContain('pod/n2');
    expect(classes['host-to-pod']?.unannouncedLost).toBeGreaterThan(0);
    expect(samples.some((s) => s.error === 'never collected' && s.from === 'pod/n2')).toBe(true);
    // It cannot be told whether a dead agent's canary is denied.
    expect(samples.some((s) => s.class === 'denied' && s.to === 'pod/n2' && s.seen === 'unknown')).toBe(true);
    expect(mesh.between(killedAt, Date.now()).classes['pod-to-pod']?.lost).toBeGreaterThan(2 * 4 * 8);
  });

  it('ends probes with a pod that is deleted in good order, and takes its successor on', async () => {
    const mesh = await up();
    await untilSent(mesh, 300);
    await cluster.deletePod('pod', 'n3');
    cluster.startAgent('pod', 'n3');
    await mesh.waitForNode('n3');
    await untilSent(mesh, 300);
    const missing = await mesh.settled();
    expect(missing).toEqual([]);
    await mesh.stop();
    const samples = await collected();
    expect(lostOf(samples)).toEqual([]);
    // The stream to the successor counts from 1 again.
    const stream = samples.filter((s) => s.from === 'pod/n1' && s.to === 'pod/n3' && s.probe === 'udp');
    expect(stream.filter((s, i) => i > 0 && s.seq === 1)).toHaveLength(1);
  });

  it('judges canaries by what is expected now', async () => {
    const mesh = await up();
    await mesh.expectCanary('n1', 'denied');
    const from = Date.now();
    await waitUntil(async () => ((mesh.between(from, Date.now()).classes.denied?.sent ?? 0) > 8 ? true : undefined), { timeoutMs: 20_000, what: 'canaries' });
    await mesh.stop();
    const canaries = (await collected()).filter((s) => s.class === 'denied' && s.t >= from);
    expect(canaries.filter((s) => s.to === 'pod/n1').every((s) => !s.ok && s.seen === 'open')).toBe(true);
    expect(canaries.find((s) => s.to === 'pod/n1')?.error).toBe('expected denied, found open');
    expect(canaries.filter((s) => s.to !== 'pod/n1').every((s) => s.ok)).toBe(true);
  });

  it('goes on after the collector was killed, with every sample once', async () => {
    const first = await up();
    await untilSent(first, 300);
    // Its loops end as if the process had: nothing is told to the agents.
    first.abandon();
    const gapFrom = Date.now();
    await waitUntil(async () => (Date.now() - gapFrom > 2_000 ? true : undefined), { timeoutMs: 5_000, what: 'two seconds' });
    const second = await up();
    await untilSent(second, 300);
    await second.stop();
    const samples = await collected();
    expect(lostOf(samples)).toEqual([]);
    expect(samples.some((s) => s.t > gapFrom + 500 && s.t < gapFrom + 1_500)).toBe(true);
    const seqs = Map.groupBy(samples, (s) => `${s.class} ${s.probe} ${s.from} ${s.to}`);
    for (const stream of seqs.values()) expect(stream.map((s) => s.seq).toSorted((a, b) => a - b)).toEqual(stream.map((_, i) => Math.min(...stream.map((s) => s.seq)) + i));
    expect(existsSync(join(dir, 'collected.json'))).toBe(true);
  });

  it('counts what agents had sent that went while nobody was collecting', async () => {
    const window: AnnouncedWindow = { id: 'w1', step: 's', classes: ['pod-to-pod'], scope: 'either', node: 'n3', maxMs: 60_000, reason: 'test', openedAt: 0, closedAt: null };
    const first = await up();
    await untilSent(first, 300);
    first.abandon();
    const abandonedAt = Date.now();
    const later = async (ms: number): Promise<unknown> => waitUntil(async () => (Date.now() - abandonedAt > ms ? true : undefined), { timeoutMs: 20_000, what: `${ms} ms` });
    await later(2_000);
    // One is deleted in good order, one is lost and another in its place, one is just lost.
    const deletedAt = Date.now();
    await cluster.deletePod('pod', 'n3');
    await later(8_000);
    cluster.startAgent('pod', 'n3');
    await cluster.losePod('host', 'n2');
    const replacedAt = Date.now();
    cluster.startAgent('host', 'n2');
    await cluster.losePod('host', 'n1');
    await later(11_000);
    const resumedAt = Date.now();
    const second = await up({ windows: [{ ...window, openedAt: deletedAt }], inFlight: ['n1'] });
    await untilSent(second, 300);
    await second.stop();
    const lost = (await collected()).filter((s) => s.error === 'never collected');
    const of = (name: string): Sample[] => lost.filter((s) => s.from === name);
    const last = (samples: readonly Sample[]): number => Math.max(...samples.map((s) => s.t));
    expect(new Set(lost.map((s) => s.from))).toEqual(new Set(['pod/n3', 'host/n2', 'host/n1']));
    // By the kubelet's word, cut to the second; not until its files were gone, some five seconds later.
    expect(last(of('pod/n3'))).toBeGreaterThan(deletedAt - 200);
    expect(last(of('pod/n3'))).toBeLessThan(deletedAt + 3_000);
    expect(new Set(of('pod/n3').map((s) => s.class))).toEqual(new Set(['pod-to-pod', 'pod-to-service', 'dns', 'api-server', 'long-lived', 'denied']));
    // Two peers at 26 a second, for two seconds and what the last collection had not seen.
    const udp = of('pod/n3').filter((s) => s.class === 'pod-to-pod');
    expect(udp.length).toBeGreaterThan(2 * 26 * 1.5);
    expect(udp.length).toBeLessThan(2 * 26 * 6);
    expect(udp.every((s) => (s.announcedBy === 'w1') === s.t >= deletedAt - 1_000)).toBe(true);
    expect(of('pod/n3').filter((s) => s.class === 'dns' && s.announcedBy !== undefined)).toEqual([]);
    expect(last(of('host/n2'))).toBeGreaterThan(replacedAt - 1_500);
    expect(last(of('host/n2'))).toBeLessThan(replacedAt + 3_000);
    expect(last(of('host/n1'))).toBeGreaterThan(resumedAt);
    // Every seq of that one once, collected or lost.
    const streams = Map.groupBy((await collected()).filter((s) => s.from === 'host/n1'), (s) => `${s.probe} ${s.to}`);
    expect(streams.size).toBe(6);
    for (const stream of streams.values()) {
      const seqs = stream.map((s) => s.seq).toSorted((x, y) => x - y);
      expect(seqs).toEqual(seqs.map((_, i) => (seqs[0] ?? 0) + i));
    }
  });
});
