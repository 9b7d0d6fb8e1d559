/** Runs one stream of probes: when to send, what is outstanding, and what each sample came to. */
import { createHash } from 'node:crypto';
import { LATE_GRACE_MS, deadlineMs } from './classes.ts';
import type { StallLog, WallClock } from './clock.ts';
import { SampleFlag } from './lines.ts';
import type { AgentLine, SampleExtras, StreamEndLine } from './lines.ts';
import type { StreamSpec } from './plan.ts';
import type { Outcome, Prober } from './prober.ts';

export interface RunnerContext {
  wall: WallClock;
  stalls: StallLog;
  write(line: AgentLine): void;
  /** Told of every success, for canaries' positive controls. */
  succeeded(spec: StreamSpec, at: number): void;
}

export class StreamRunner {
  readonly id: number;
  readonly spec: StreamSpec;
  readonly #prober: Prober;
  readonly #context: RunnerContext;
  readonly #deadline: number;
  /** Send times by seq, in order of sending. */
  readonly #pending = new Map<number, number>();
  #due: number;
  #seq = 0;
  #ending: StreamEndLine['why'] | undefined;
  #ended = false;

  /** `self` spreads equal streams of different agents over the interval. */
  constructor(id: number, spec: StreamSpec, self: string, prober: Prober, context: RunnerContext, now: number) {
    this.id = id;
    this.spec = spec;
    this.#prober = prober;
    this.#context = context;
    this.#deadline = deadlineMs(spec.class);
    this.#due = now + spec.intervalMs * phase(`${self}|${spec.key}`);
  }

  /** Last seq sent. */
  get sent(): number {
    return this.#seq;
  }

  /** Every sample up to this seq is written. */
  get settled(): number {
    for (const oldest of this.#pending.keys()) return oldest - 1;
    return this.#seq;
  }

  /** Whether its last sample and its end are written. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Sends when due; returns how many sends a stall has made impossible. */
  tick(now: number): number {
    if (this.#ending !== undefined || now < this.#due) return 0;
    this.#due += this.spec.intervalMs;
    const missed = now < this.#due ? 0 : Math.floor((now - this.#due) / this.spec.intervalMs) + 1;
    this.#due += missed * this.spec.intervalMs;
    this.#send();
    return missed;
  }

  /** Settles what has waited long enough. To be called only when the loop has just had a turn to read its sockets. */
  sweep(now: number): void {
    for (const [seq, sentAt] of this.#pending) {
      if (now - sentAt <= this.#deadline) break;
      // While the loop stood still, nothing could be read: that time does not count.
      const waited = now - sentAt - this.#context.stalls.within(sentAt, now);
      if (waited <= this.#deadline) continue;
      const final = waited > this.#deadline + LATE_GRACE_MS;
      const expired = this.#prober.expire?.(seq, final);
      if (expired !== undefined) this.#settle(seq, sentAt, expired);
      else if (final) this.#lose(seq, sentAt, this.#prober.lostAs ?? 'timeout');
    }
    this.#finish();
  }

  /** Stops sending; ends when what is outstanding is settled. */
  end(why: StreamEndLine['why']): void {
    this.#ending ??= why;
    this.#finish();
  }

  /** Counts what is still outstanding as lost, and ends at once. */
  abandon(): void {
    for (const [seq, sentAt] of this.#pending) this.#lose(seq, sentAt, 'the agent ended before the deadline');
    this.end('term');
  }

  #send(): void {
    const seq = (this.#seq += 1);
    const sentAt = performance.now();
    this.#pending.set(seq, sentAt);
    this.#prober.send(seq, (outcome) => {
      this.#settle(seq, sentAt, outcome);
      this.#finish();
    });
  }

  #settle(seq: number, sentAt: number, outcome: Outcome): void {
    if (!this.#pending.delete(seq)) return;
    this.#prober.cancel(seq);
    const rtt = outcome.timed === false ? null : outcome.at - sentAt;
    const stalled = this.#context.stalls.within(sentAt, outcome.at) + (outcome.peerLag ?? 0);
    // An answer that a stall of one of the two agents kept waiting may have been in time: it gets the benefit, and the mark.
    const late = outcome.ok && rtt !== null && rtt - stalled > this.#deadline;
    const ok = outcome.ok && !late;
    if (ok) this.#context.succeeded(this.spec, outcome.at);
    const flags = (ok ? SampleFlag.ok : 0) | (late ? SampleFlag.late : 0) | (stalled > 0 ? SampleFlag.lagged : 0);
    const extras: SampleExtras = {};
    const error = late ? (this.#prober.lostAs ?? 'late') : outcome.error;
    if (error !== undefined) extras.e = error;
    if (outcome.via !== undefined) extras.v = outcome.via;
    if (outcome.seen !== undefined) extras.s = outcome.seen;
    this.#write(seq, sentAt, outcome.ok ? rtt : null, flags, extras);
  }

  #lose(seq: number, sentAt: number, error: string): void {
    this.#settle(seq, sentAt, { ok: false, at: performance.now(), error });
  }

  #write(seq: number, sentAt: number, rtt: number | null, flags: number, extras: SampleExtras): void {
    const t = Math.round(this.#context.wall.at(sentAt));
    const rttMs = rtt === null ? null : Math.round(rtt * 1_000) / 1_000;
    this.#context.write(Object.keys(extras).length > 0 ? [this.id, seq, t, rttMs, flags, extras] : [this.id, seq, t, rttMs, flags]);
  }

  #finish(): void {
    if (this.#ending === undefined || this.#ended || this.#pending.size > 0) return;
    this.#ended = true;
    this.#prober.close();
    const t = Math.round(this.#context.wall.at(performance.now()));
    this.#context.write({ k: 'e', s: this.id, t, seq: this.#seq, why: this.#ending });
  }
}

/** A number in [0, 1) that depends on the key alone. */
function phase(key: string): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0) / 2 ** 32;
}
