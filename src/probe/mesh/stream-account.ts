/** The account of one stream: which of its seqs have become samples, and how many it has sent, as far as is known or by its schedule. */
import { TICK_MS } from '../agent/classes.ts';
import type { StreamLine } from '../agent/lines.ts';
import type { ProbeClass, ProbeKind } from '../types.ts';

/** An account as it is kept on disk; all times are the agent's, epoch milliseconds. */
export interface SavedStream {
  s: number;
  class: ProbeClass;
  probe: ProbeKind;
  to: string;
  /** Interval, milliseconds. */
  ms: number;
  /** Every seq up to this one is accounted for. */
  floor: number;
  /** Accounted for beyond the floor. */
  ahead: number[];
  /** Last seq known to have been sent, and a time at which the next one had not been. */
  sent: number;
  at: number;
  /** A seq and the time at which it was sent, when one is known. */
  known?: [seq: number, t: number];
}

/** A seq without a sample, and when it was sent by all that is known. */
export interface Missing {
  seq: number;
  t: number;
}

export class StreamAccount {
  readonly #line: Omit<StreamLine, 'k' | 't'>;
  #floor: number;
  readonly #ahead: Set<number>;
  #sent: number;
  #at: number;
  #known: [seq: number, t: number] | undefined;

  /** The account of a stream that begins. */
  static open({ s, class: probeClass, probe, to, ms, t }: StreamLine): StreamAccount {
    return new StreamAccount({ s, class: probeClass, probe, to, ms, floor: 0, ahead: [], sent: 0, at: t });
  }

  /** Goes on with an account as it was saved. */
  constructor({ s, class: probeClass, probe, to, ms, floor, ahead, sent, at, known }: SavedStream) {
    this.#line = { s, class: probeClass, probe, to, ms };
    this.#floor = floor;
    this.#ahead = new Set(ahead);
    this.#sent = sent;
    this.#at = at;
    this.#known = known;
  }

  get line(): Omit<StreamLine, 'k' | 't'> {
    return this.#line;
  }

  /** Every seq up to this one is accounted for. */
  get floor(): number {
    return this.#floor;
  }

  /** Accounts for a sample; false when that seq has been accounted for already. `t`: when it was sent. */
  take(seq: number, t: number): boolean {
    if (seq <= this.#floor || this.#ahead.has(seq)) return false;
    if (this.#known === undefined || seq > this.#known[0]) this.#known = [seq, t];
    if (seq > this.#sent) {
      this.#sent = seq;
      this.#at = t;
    }
    this.#settle(seq);
    return true;
  }

  /** Learns that at `t` exactly `sent` seqs had been sent. */
  progress(sent: number, t: number): void {
    if (sent < this.#sent) return;
    this.#sent = sent;
    this.#at = Math.max(this.#at, t);
  }

  /** The agent's clock was set anew by so many milliseconds. */
  step(ms: number): void {
    this.#at += ms;
    if (this.#known !== undefined) this.#known = [this.#known[0], this.#known[1] + ms];
  }

  /**
   * Last seq that it can have sent by `until` at most, had it run on by its schedule: sends are due an interval
   * apart and a tick late, and one more when it is not known where in an interval `at` was. What a stall kept from
   * being sent has no seq, so it may have sent less.
   */
  sentBy(until: number): number {
    if (until <= this.#at) return this.#sent;
    const exact = this.#known?.[0] === this.#sent && this.#known[1] === this.#at;
    return this.#sent + Math.floor((until - this.#at + TICK_MS) / this.#line.ms) + (exact ? 0 : 1);
  }

  /** Accounts for every seq up to `last` that has no sample, and returns those. */
  miss(last: number): Missing[] {
    const missing: Missing[] = [];
    for (let seq = this.#floor + 1; seq <= last; seq = this.#floor + 1) {
      missing.push({ seq, t: this.#sentAt(seq) });
      this.#settle(seq);
    }
    return missing;
  }

  save(): SavedStream {
    return { ...this.#line, floor: this.#floor, ahead: [...this.#ahead], sent: this.#sent, at: this.#at, ...(this.#known === undefined ? {} : { known: this.#known }) };
  }

  #settle(seq: number): void {
    this.#ahead.add(seq);
    while (this.#ahead.delete(this.#floor + 1)) this.#floor += 1;
  }

  /** By the schedule, and on the right side of the time at which it is known how many had been sent. */
  #sentAt(seq: number): number {
    const { ms } = this.#line;
    const [from, t] = this.#known ?? [this.#sent + 1, this.#at];
    const due = Math.round(t + (seq - from) * ms);
    if (seq <= this.#sent) return Math.min(due, this.#at);
    return Math.max(due, Math.round(this.#at + (seq - this.#sent - 1) * ms));
  }
}
