/** Time inside an agent: monotonic for durations, wall time derived from it, and a record of its own event loop's stalls. */
import { performance } from 'node:perf_hooks';
import { LAG_MS, TICK_MS } from './classes.ts';

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

/** Stalls that follow each other this closely are one: between them the loop did not catch up with its backlog. */
const CATCH_UP_MS = 250;

interface Stall {
  from: number;
  to: number;
}

/** Stalls of the event loop, told by ticks that should come every TICK_MS. All times are monotonic milliseconds. */
export class StallLog {
  readonly #stalls: Stall[] = [];
  #lastTick: number;
  /** Longest since it was last taken, milliseconds. */
  #worst = 0;

  constructor(now: number) {
    this.#lastTick = now;
  }

  /** Notes a tick; returns whether the loop had stalled before it. */
  tick(now: number): boolean {
    const stall = this.#open(now);
    this.#worst = Math.max(this.#worst, now - this.#lastTick - TICK_MS);
    this.#lastTick = now;
    if (!stall) return false;
    this.#stalls.push(stall);
    while (this.#stalls[0] && this.#stalls[0].to < now - KEEP_STALLS_MS) this.#stalls.shift();
    return true;
  }

  /** Milliseconds of [from, to] during which the loop stood still; `to` may be now. */
  within(from: number, to: number): number {
    let sum = 0;
    for (const stall of this.#all(to)) sum += Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from));
    return sum;
  }

  /** How long the loop stood still just before now: what is read now may have lain so long in its socket. */
  behind(now: number): number {
    let sum = 0;
    let edge = now;
    for (const stall of this.#all(now).toReversed()) {
      if (edge - stall.to > CATCH_UP_MS) break;
      sum += stall.to - stall.from;
      edge = stall.from;
    }
    return sum;
  }

  /** A stall that no tick has noted yet: after one, the loop reads its sockets before its timers run. */
  #open(now: number): Stall | undefined {
    const due = this.#lastTick + TICK_MS;
    return now - due > LAG_MS ? { from: due, to: now } : undefined;
  }

  #all(now: number): readonly Stall[] {
    const open = this.#open(now);
    return open ? [...this.#stalls, open] : this.#stalls;
  }

  /** The worst lag since the last call, milliseconds. */
  takeWorst(): number {
    const worst = this.#worst;
    this.#worst = 0;
    return worst;
  }
}
