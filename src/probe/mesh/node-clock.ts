/** How far a node's clock is from ours: samples carry node time, announcements ours. */
import type { NodeShell } from '../../node/shell.ts';
import { runOrThrow } from '../../node/shell.ts';

export interface ClockEstimate {
  /** Node's clock minus ours, milliseconds. */
  offsetMs: number;
  /** Half the shortest round trip: the estimate is off by no more. */
  uncertaintyMs: number;
}

const ROUNDS = 3;

/** Asks for the time a few times and believes the quickest answer. */
export async function estimateClock(shell: NodeShell): Promise<ClockEstimate> {
  let best: ClockEstimate | undefined;
  for (let round = 0; round < ROUNDS; round += 1) {
    const wall = Date.now();
    const start = performance.now();
    const text = await runOrThrow(shell, ['date', '+%s%N']);
    const roundTrip = performance.now() - start;
    const node = Number(BigInt(text.trim()) / 1_000n) / 1_000;
    const estimate = { offsetMs: node - (wall + roundTrip / 2), uncertaintyMs: roundTrip / 2 };
    if (!best || estimate.uncertaintyMs < best.uncertaintyMs) best = estimate;
  }
  return best ?? { offsetMs: 0, uncertaintyMs: Number.POSITIVE_INFINITY };
}

/** What to add to a node's times. Nothing while the offset cannot be told from the uncertainty: correcting by noise would put samples out of order. */
export function correction(estimate: ClockEstimate | undefined): number {
  if (!estimate || Math.abs(estimate.offsetMs) <= Math.max(50, estimate.uncertaintyMs)) return 0;
  return -Math.round(estimate.offsetMs);
}
