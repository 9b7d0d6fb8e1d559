/** Time inside an agent: monotonic for durations, wall time derived from it, and a record of its own event loop's stalls. */
import { performance } from 'node:perf_hooks';
import { LAG_MS } from './classes.ts';

/** Wall and monotonic clocks may drift this far apart before the wall base is taken anew. */
const REANCHOR_MS = 20;
/** Stalls older than this touch no probe that is still open (5 s deadline and grace). */
const KEEP_STALLS_MS = 15_000;

/** Milliseconds on the monotonic clock. */
export function monotonic(): number {
  return performance.now();
}

/** Wall time that never jumps between two re-anchorings. */
export class WallClock {
  #offset = Date.now() - monotonic();

  /** Epoch milliseconds of a monotonic time. */
  at(mono: number): number {
    return mono + this.#offset;
  }

  /** Compares with the system's clock; returns the step in milliseconds when it had to be taken anew. */
  reanchor(): number | undefined {
    const offset = Date.now() - monotonic();
    const step = offset - this.#offset;
    if (Math.abs(step) < REANCHOR_MS) return undefined;
    this.#offset = offset;
    return step;
  }
}

/** Stalls of the event loop, told by the scheduler's own ticks. */
export class StallLog {
  readonly #stalls: { from: number; to: number }[] = [];
  /** Longest since it was last taken, milliseconds. */
  #worst = 0;

  /** Notes that a tick due at `due` ran at `now`; returns whether that was a stall. */
  tick(due: number, now: number): boolean {
    const lag = now - due;
    if (lag > this.#worst) this.#worst = lag;
    if (lag <= LAG_MS) return false;
    this.#stalls.push({ from: due, to: now });
    while (this.#stalls[0] && this.#stalls[0].to < now - KEEP_STALLS_MS) this.#stalls.shift();
    return true;
  }

  /** Milliseconds of [from, to] during which the loop stood still. */
  within(from: number, to: number): number {
    let sum = 0;
    for (const stall of this.#stalls) sum += Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from));
    return sum;
  }

  /** The worst lag since the last call, milliseconds. */
  takeWorst(): number {
    const worst = this.#worst;
    this.#worst = 0;
    return worst;
  }
}
