/** A measurement with real agents as processes on loopback. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aggregate } from '../stats/aggregate.ts';
import { readSamples } from '../mesh/sink.ts';
import { meshIsUp } from '../mesh/take-down.ts';
import { LocalCluster } from '../testing/local-cluster.ts';
import type { Sample } from '../types.ts';
import { measure } from './measure.ts';
import type { MeasureOptions } from './measure.ts';

/** Bundling the agent takes long on a busy machine. */
const HOOK_MS = 60_000;

let cluster: LocalCluster;
let dir: string;
beforeEach(async () => {
  cluster = await LocalCluster.start(2);
  dir = mkdtempSync(join(tmpdir(), 'fairlead-measure-'));
}, HOOK_MS);
afterEach(async () => {
  await cluster.stop();
  rmSync(dir, { recursive: true, force: true });
}, HOOK_MS);

const options = (change: Partial<MeasureOptions>): MeasureOptions => ({
  kube: cluster.kube, shell: (node) => cluster.shell(node), dir, kubeletDir: cluster.kubeletDir,
  forMs: 3_000, policies: 'as-found', signal: new AbortController().signal, waiting: () => undefined, began: () => undefined, progress: () => undefined, ...change,
});

describe('measure', { timeout: 120_000 }, () => {
  it('measures for its time, against what canaries found, and leaves nothing', async () => {
    const tallies: number[] = [];
    const found = await measure(options({ progress: (tally) => tallies.push(tally['pod-to-pod']?.sent ?? 0) }));
    expect(found).toMatchObject({ interrupted: false, canary: { n1: 'open', n2: 'open' } });
    expect(found.endedAt - found.startedAt).toBeGreaterThanOrEqual(3_000);
    expect(tallies).toEqual(tallies.toSorted((a, b) => a - b));
    expect(tallies.at(-1)).toBeGreaterThan(0);
    const samples: Sample[] = [];
    for await (const sample of readSamples(join(dir, 'samples.ndjson.gz'))) samples.push(sample);
    expect(aggregate(samples)).toEqual(found.probes);
    expect(found.usage.map((one) => one.name).toSorted()).toEqual(['host/n1', 'host/n2', 'pod/n1', 'pod/n2']);
    expect(await meshIsUp(cluster)).toBe(false);
    expect(await cluster.kube.list({ apiVersion: 'v1', kind: 'Pod' })).toEqual([]);
  });

  it('ends with what there is when it is asked to, and refuses to take over agents that are there', async () => {
    const stop = new AbortController();
    const refused: unknown[] = [];
    const found = await measure(options({
      forMs: 600_000, signal: stop.signal, policies: 'enforced',
      progress: (tally) => {
        if ((tally['pod-to-pod']?.sent ?? 0) > 50 && refused.length === 0) refused.push(measure(options({})).catch((error: unknown) => error).finally(() => stop.abort()));
      },
    }));
    expect(found.interrupted).toBe(true);
    expect(await refused[0]).toMatchObject({ exitCode: 3, hint: expect.stringContaining('fairlead probe down') as string });
    expect(found.probes.classes.denied?.lost).toBe(found.probes.classes.denied?.sent);
    expect(await meshIsUp(cluster)).toBe(false);
  });

  it('removes the agents when it is ended before it began', async () => {
    const stop = new AbortController();
    const ended = measure(options({ signal: stop.signal, waiting: (what) => what.includes('traffic') && setTimeout(() => stop.abort(), 500) }));
    await expect(ended).rejects.toMatchObject({ name: 'AbortError' });
    expect(await meshIsUp(cluster)).toBe(false);
  });
});
