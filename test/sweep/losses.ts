/** What a row cost: its probes, and where those were that were lost without announcement. */
import { existsSync } from 'node:fs';
import { endpointNode } from '../../src/probe/endpoint.ts';
import { readSamples } from '../../src/probe/mesh/sink.ts';
import type { ProbeClass, Sample } from '../../src/probe/types.ts';

export interface Losses {
  sent: number;
  there: number;
  elsewhere: number;
  /** Answered after the deadline while the agent's own event loop stalled, anywhere: the machine of the lab was too busy. */
  stalled: number;
  /** The first few that were lost elsewhere, in words. */
  examples: string[];
}

const describe = (sample: Sample): string =>
  `${new Date(sample.t).toISOString().slice(11, 23)} ${sample.class} ${sample.from} → ${sample.to}: ${sample.error ?? 'lost'}`;

/** Counts the samples in `path` that were sent from `since` (epoch milliseconds) on. */
export async function countLosses(path: string, since: number, about: { node: string | undefined; hits: readonly ProbeClass[] }): Promise<Losses> {
  const found: Losses = { sent: 0, there: 0, elsewhere: 0, stalled: 0, examples: [] };
  if (!existsSync(path)) return found;
  for await (const sample of readSamples(path)) {
    if (sample.t < since) continue;
    found.sent += 1;
    if (sample.ok || sample.announcedBy !== undefined) continue;
    if (sample.late === true && sample.lagged === true) {
      found.stalled += 1;
      continue;
    }
    const its = about.node !== undefined && (endpointNode(sample.from) === about.node || endpointNode(sample.to) === about.node || sample.to === `node-port/${about.node}`);
    if (its || about.hits.includes(sample.class)) found.there += 1;
    else {
      found.elsewhere += 1;
      if (found.examples.length < 5) found.examples.push(describe(sample));
    }
  }
  return found;
}
