/** How far a node's clock is from this machine's. */
import { runOrThrow, type NodeShell } from '../../node/shell.ts';

/** `offset` is what to take off the node's times, `uncertainty` how wrong that may be; both in seconds. */
export interface ClockOffset { offsetSeconds: number; uncertaintySeconds: number }

const TRIES = 4;
/** Seconds that `Date.now()` may be behind, as it leaves out what is less than a millisecond: a time after may then seem to be before. */
const GRAIN = 0.001;

/** From the times before and after the node was asked, each up to `GRAIN` later than it says, and what the node said. */
export function offsetOf(before: number, said: number, after: number): ClockOffset {
  return { offsetSeconds: said - (before + after + GRAIN) / 2, uncertaintySeconds: (after + GRAIN - before) / 2 };
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

/** The period [since, until] of this machine's clock by the node's, as wide as it may be: nothing is cut off for an error of the measurement. */
export function periodThere({ offsetSeconds, uncertaintySeconds }: ClockOffset, since: number, until: number): { from: number; to: number } {
  return { from: since + offsetSeconds - uncertaintySeconds, to: until + offsetSeconds + uncertaintySeconds };
}
