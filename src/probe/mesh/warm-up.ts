/** What happens between the first probe and the first that counts: traffic settles, and canaries tell what they find. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Aggregate } from '../stats/aggregate.ts';
import type { CanaryExpectation, CanaryState, Sample } from '../types.ts';
import { endpointNode } from '../endpoint.ts';

const WARM_UP_MS = 30_000;
/** Canaries are probed once a second by each peer. */
const CANARY_ROUND_MS = 2_500;

/** The part of a mesh that is watched. */
export interface Watched {
  settled(t: number): Promise<string[]>;
  between(from: number, until: number): Aggregate;
}

/** Services need a moment until every node knows their endpoints. Resolves when nothing is lost for `roundMs` milliseconds, or when that takes too long: then it is a finding. Rejects when `signal` is aborted. */
export async function warmUp(mesh: Watched, { roundMs, signal }: { roundMs: number; signal?: AbortSignal }): Promise<void> {
  const deadline = performance.now() + WARM_UP_MS;
  for (let clean = false; !clean && performance.now() < deadline; ) {
    const from = Date.now();
    await sleep(roundMs, undefined, signal ? { signal } : {});
    const missing = await mesh.settled(Date.now());
    const { sent, lost } = mesh.between(from, Date.now()).totals;
    clean = missing.length === 0 && sent > 0 && lost === 0;
  }
}

/** Watches canaries for a while and resolves with what is to be expected of each node from then on. `samples`: those sent since a time, epoch milliseconds. */
export async function watchCanaries(mesh: Watched, samples: (since: number) => Iterable<Sample>, nodes: readonly string[], signal?: AbortSignal): Promise<Record<string, CanaryExpectation>> {
  const from = Date.now();
  await sleep(CANARY_ROUND_MS, undefined, signal ? { signal } : {});
  await mesh.settled(Date.now());
  return expectationsAsFound(samples(from), nodes);
}

/** What every canary of a node agreed on; `either` for a node whose canaries disagreed, or told nothing. */
export function expectationsAsFound(samples: Iterable<Sample>, nodes: readonly string[]): Record<string, CanaryExpectation> {
  const seen = new Map<string, Set<CanaryState>>(nodes.map((node) => [node, new Set()]));
  for (const sample of samples) if (sample.class === 'denied') seen.get(endpointNode(sample.to) ?? '')?.add(sample.seen ?? 'unknown');
  return Object.fromEntries([...seen].map(([node, states]) => {
    const [state] = states;
    return [node, states.size === 1 && state !== undefined && state !== 'unknown' ? state : 'either'];
  }));
}
