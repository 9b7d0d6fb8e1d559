/** Migrations as their users run them, and what their reports must show. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { expect } from 'vitest';
import { Cluster } from '../../../src/cluster/client.ts';
import { ApiError } from '../../../src/cluster/api-error.ts';
import type { PodObject } from '../../../src/cluster/objects.ts';
import { labPaths } from '../../../src/lab/paths.ts';
import { readJournal } from '../../../src/migrate/journal.ts';
import type { Report } from '../../../src/migrate/report-schema.ts';
import { Aggregator, type Aggregate } from '../../../src/probe/stats/aggregate.ts';
import type { Sample } from '../../../src/probe/types.ts';

/** A directory for state and reports of one test file; migrations keep their journals below it, not in the user's own. */
export function ownState(): { dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-migration-'));
  process.env['XDG_STATE_HOME'] = join(dir, 'state');
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

export function readReport(dir: string): Report {
  return JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8')) as Report;
}

async function* samplesOf(dir: string): AsyncGenerator<Sample> {
  const lines = createInterface({ input: createReadStream(join(dir, 'samples.ndjson.gz')).pipe(createGunzip()), crlfDelay: Infinity });
  for await (const line of lines) yield JSON.parse(line) as Sample;
}

/** The figures, counted anew from the samples of a report. */
export async function recount(dir: string): Promise<Aggregate> {
  const total = new Aggregator();
  for await (const sample of samplesOf(dir)) total.add(sample);
  return total.result();
}

/** What was lost and not announced, one by one, for whoever must find out why: the report is gone with the test. */
async function lostOnes(dir: string): Promise<Sample[]> {
  const lost: Sample[] = [];
  for await (const sample of samplesOf(dir)) if (!sample.ok && sample.announcedBy === undefined && sample.class !== 'denied' && lost.length < 20) lost.push(sample);
  return lost;
}

/** What every successful migration's report must show. Returns the recounted figures. */
export async function expectCleanReport(dir: string, nodes: number, atLeast: number): Promise<Aggregate> {
  const report = readReport(dir);
  const counted = await recount(dir);
  expect(counted.totals).toEqual(report.totals);
  expect(counted.classes).toEqual(report.classes);
  expect({ lost: report.totals.unannouncedLost, worst: counted.pairs.filter((pair) => pair.figures.unannouncedLost > 0), ones: report.totals.unannouncedLost === 0 ? [] : await lostOnes(dir) }).toEqual({ lost: 0, worst: [], ones: [] });
  expect(report.outcome).toBe('migrated');
  expect(report.totals.sent).toBeGreaterThanOrEqual(atLeast);
  expect(report.nodes).toHaveLength(nodes);
  expect(report.nodes.every((node) => node.cni === 'calico')).toBe(true);
  expect(report.steps.filter((step) => step.outcome !== 'done')).toEqual([]);
  // Hash chain and structure are checked by reading.
  const entries = await readJournal(join(dir, 'journal.ndjson'));
  for (const { id } of report.steps) {
    const order = ['step-intent', 'step-applied', 'step-done'].map((type) => entries.findIndex((entry) => entry.type === type && 'step' in entry && entry.step === id));
    expect(order.every((at) => at >= 0) && order.toSorted((a, b) => a - b).join() === order.join(), `${id} was saved before it acted, and done afterwards`).toBe(true);
  }
  return counted;
}

export async function clusterOf(lab: string): Promise<Cluster> {
  return Cluster.connect({ kubeconfig: labPaths(lab).kubeconfig });
}

/** Whether the pod `intruder/intruder` reaches the shop's ledger, which a policy forbids: 200 when it does, 502 when it is cut off. */
export async function intruderStatus(cluster: Cluster): Promise<number> {
  const [pod] = (await cluster.list<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace: 'intruder' })).filter((one) => one.metadata.deletionTimestamp === undefined);
  if (pod === undefined) throw new Error('there is no intruder');
  try {
    await cluster.raw(`/api/v1/namespaces/intruder/pods/${pod.metadata.name}:8080/proxy/?nonce=test`, { timeoutMs: 20_000 });
    return 200;
  } catch (error) {
    if (error instanceof ApiError) return error.status;
    throw error;
  }
}
