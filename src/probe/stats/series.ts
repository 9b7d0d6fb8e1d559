/** Samples of one (class, probe, from, to), kept in columns: millions fit in memory. */
import type { Sample } from '../types.ts';

const Mark = { ok: 1, late: 2, lagged: 4, announced: 8, broken: 16 } as const;

export class Series {
  readonly from: string;
  readonly to: string;
  #length = 0;
  #t = new Float64Array(256);
  /** NaN for those without an answer. */
  #rtt = new Float64Array(256);
  #seq = new Uint32Array(256);
  #marks = new Uint8Array(256);

  constructor(from: string, to: string) {
    this.from = from;
    this.to = to;
  }

  get length(): number {
    return this.#length;
  }

  add(sample: Sample, announced: boolean): void {
    if (this.#length === this.#t.length) this.#grow();
    const at = this.#length;
    this.#t[at] = sample.t;
    this.#rtt[at] = sample.rttMs ?? Number.NaN;
    this.#seq[at] = sample.seq;
    const broken = sample.error?.startsWith('broken') === true;
    this.#marks[at] =
      (sample.ok ? Mark.ok : 0) | (sample.late ? Mark.late : 0) | (sample.lagged ? Mark.lagged : 0) | (announced ? Mark.announced : 0) | (broken ? Mark.broken : 0);
    this.#length += 1;
  }

  counts(): { sent: number; lost: number; announcedLost: number; late: number; lateByStall: number; lagged: number; broken: number } {
    const counts = { sent: this.#length, lost: 0, announcedLost: 0, late: 0, lateByStall: 0, lagged: 0, broken: 0 };
    for (let i = 0; i < this.#length; i += 1) {
      const marks = this.#marks[i] ?? 0;
      if (marks & Mark.late) counts.late += 1;
      if (marks & Mark.lagged) counts.lagged += 1;
      if (marks & Mark.broken) counts.broken += 1;
      if (marks & Mark.ok) continue;
      counts.lost += 1;
      if (marks & Mark.announced) counts.announcedLost += 1;
      else if (marks & Mark.late && marks & Mark.lagged) counts.lateByStall += 1;
    }
    return counts;
  }

  /** Appends the round trips of the samples that are ok. */
  collectRtts(into: number[]): void {
    for (let i = 0; i < this.#length; i += 1) {
      const rtt = this.#rtt[i];
      if (rtt !== undefined && !Number.isNaN(rtt) && (this.#marks[i] ?? 0) & Mark.ok) into.push(rtt);
    }
  }

  /**
   * Gaps in milliseconds. `longest`: from the last success before a run of losses to the first
   * after it (to the outermost loss where there is none), 0 when nothing is lost. `spacing`: the
   * longest time between two sends, so an outage that is longer was hit by at least one probe;
   * null with fewer than two sends. A stream that starts anew (its seq goes back) starts both anew.
   */
  gaps(): { longest: number; spacing: number | null } {
    const order = Uint32Array.from({ length: this.#length }, (_, i) => i).toSorted((a, b) => this.#time(a) - this.#time(b) || this.#seqOf(a) - this.#seqOf(b));
    let longest = 0;
    let spacing: number | null = null;
    let previous: number | undefined;
    /** Where the current run of losses may have begun. */
    let lossFrom: number | undefined;
    let lastOk: number | undefined;
    for (const i of order) {
      const t = this.#time(i);
      if (previous !== undefined && this.#seqOf(i) <= this.#seqOf(previous)) {
        lossFrom = lastOk = previous = undefined;
      }
      if (previous !== undefined) spacing = Math.max(spacing ?? 0, t - this.#time(previous));
      const ok = ((this.#marks[i] ?? 0) & Mark.ok) !== 0;
      if (!ok) lossFrom ??= lastOk ?? t;
      if (lossFrom !== undefined) longest = Math.max(longest, t - lossFrom);
      if (ok) {
        lossFrom = undefined;
        lastOk = t;
      }
      previous = i;
    }
    return { longest, spacing };
  }

  #time(i: number): number {
    return this.#t[i] ?? 0;
  }

  #seqOf(i: number): number {
    return this.#seq[i] ?? 0;
  }

  #grow(): void {
    const size = this.#t.length * 2;
    const t = new Float64Array(size);
    const rtt = new Float64Array(size);
    const seq = new Uint32Array(size);
    const marks = new Uint8Array(size);
    t.set(this.#t);
    rtt.set(this.#rtt);
    seq.set(this.#seq);
    marks.set(this.#marks);
    this.#t = t;
    this.#rtt = rtt;
    this.#seq = seq;
    this.#marks = marks;
  }
}
