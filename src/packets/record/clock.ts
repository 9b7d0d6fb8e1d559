/** How far a node's clock is from this machine's. */
import { runOrThrow, type NodeShell } from '../../node/shell.ts';

/** `offset` is what to take off the node's times, `uncertainty` how wrong that may be; both in seconds. */
export interface ClockOffset { offsetSeconds: number; uncertaintySeconds: number }

const TRIES = 4;

/** From the times before and after the node was asked, and what it said. */
export function offsetOf(before: number, said: number, after: number): ClockOffset {
  return { offsetSeconds: said - (before + after) / 2, uncertaintySeconds: (after - before) / 2 };
}

/** Asks the node some times and takes the fastest answer. `now` gives seconds since 1970. */
export async function clockOffset(shell: NodeShell, now: () => number = () => Date.now() / 1000): Promise<ClockOffset> {
  let best: ClockOffset | undefined;
  for (let left = TRIES; left > 0; left--) {
    const before = now();
    const said = Number(await runOrThrow(shell, ['date', '+%s.%N']));
    const offset = offsetOf(before, said, now());
    if (best === undefined || offset.uncertaintySeconds < best.uncertaintySeconds) best = offset;
  }
  return best ?? { offsetSeconds: 0, uncertaintySeconds: Infinity };
}

/** What to take off times of a file: nothing while the clocks agree as far as can be told. */
export function correction({ offsetSeconds, uncertaintySeconds }: ClockOffset): number {
  return Math.abs(offsetSeconds) > uncertaintySeconds ? offsetSeconds : 0;
}
