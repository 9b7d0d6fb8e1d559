/** From samples to figures per class and per pair. */
import type { AnnouncedWindow, ProbeClass, Sample } from '../types.ts';
import { PROBE_CLASSES } from '../types.ts';
import { announcementFor } from './announced.ts';
import { upperBound95 } from './bound.ts';
import { Series } from './series.ts';

export interface Figures {
  sent: number;
  /** No answer within the deadline, a late one, a wrong one, or never collected. */
  lost: number;
  announcedLost: number;
  unannouncedLost: number;
  /** Of the lost: answered after the deadline. */
  late: number;
  /** Of the unannounced: late, and an agent's event loop stalled meanwhile, so that the network may not be to blame. They are lost all the same. */
  lateByStall: number;
  /** Taken while an agent's event loop stalled, lost or not. */
  lagged: number;
  /** Of the lost: frames charged to a break of a long-lived connection. */
  broken: number;
  /** Longest time that may have been without service, milliseconds; 0 when nothing was lost. */
  longestGapMs: number;
  /** An outage shorter than this may have slipped between two probes; null with fewer than two. */
  smallestVisibleGapMs: number | null;
  /** Round trips of the samples that are ok, milliseconds; null when there are none. */
  p50Ms: number | null;
  p99Ms: number | null;
  /** Of the rate of loss, see `upperBound95`: too small when losses come in bursts. */
  upperBound95: number;
}

export interface PairFigures {
  class: ProbeClass;
  from: string;
  to: string;
  figures: Figures;
}

export interface Aggregate {
  totals: { sent: number; lost: number; announcedLost: number; unannouncedLost: number };
  /** Only classes with samples. */
  classes: Partial<Record<ProbeClass, Figures>>;
  /** By class, from, to. */
  pairs: PairFigures[];
}

/** What can be told at any moment without looking at every sample again. */
export type Tally = Partial<Record<ProbeClass, { sent: number; lost: number }>>;

/** Takes samples one by one, in any order, and yields figures at any time. */
export class Aggregator {
  readonly #series = new Map<string, { class: ProbeClass; series: Series }>();
  readonly #tally: Tally = {};
  readonly #windows: () => readonly AnnouncedWindow[];

  /** `windows`: announcements; only asked about losses that do not name theirs. */
  constructor(windows: () => readonly AnnouncedWindow[] = () => []) {
    this.#windows = windows;
  }

  add(sample: Sample): void {
    const key = `${sample.class}|${sample.probe}|${sample.from}|${sample.to}`;
    let entry = this.#series.get(key);
    if (!entry) this.#series.set(key, (entry = { class: sample.class, series: new Series(sample.from, sample.to) }));
    const announced = !sample.ok && (sample.announcedBy !== undefined || announcementFor(sample, this.#windows()) !== undefined);
    entry.series.add(sample, announced);
    const tally = (this.#tally[sample.class] ??= { sent: 0, lost: 0 });
    tally.sent += 1;
    if (!sample.ok) tally.lost += 1;
  }

  /** Sent and lost so far, by class; cheap, unlike `result`. */
  get tally(): Tally {
    return structuredClone(this.#tally);
  }

  result(): Aggregate {
    const byClass = Map.groupBy(this.#series.values(), (entry) => entry.class);
    const classes: Partial<Record<ProbeClass, Figures>> = {};
    const pairs: PairFigures[] = [];
    const totals = { sent: 0, lost: 0, announcedLost: 0, unannouncedLost: 0 };
    for (const name of PROBE_CLASSES) {
      const all = byClass.get(name)?.map(({ series }): Measured => ({ series, ...series.gaps() }));
      if (!all) continue;
      const ofClass = [...Map.groupBy(all, ({ series }) => `${series.from}|${series.to}`).values()].map((group) => pairFigures(name, group));
      pairs.push(...ofClass);
      const figures = summarise(all, ofClass.map((pair) => pair.figures.smallestVisibleGapMs));
      classes[name] = figures;
      for (const key of ['sent', 'lost', 'announcedLost', 'unannouncedLost'] as const) totals[key] += figures[key];
    }
    return { totals, classes, pairs };
  }
}

/** Figures of a finished set of samples. */
export function aggregate(samples: Iterable<Sample>, windows: readonly AnnouncedWindow[] = []): Aggregate {
  const aggregator = new Aggregator(() => windows);
  for (const sample of samples) aggregator.add(sample);
  return aggregator.result();
}

interface Measured {
  series: Series;
  longest: number;
  spacing: number | null;
}

function pairFigures(name: ProbeClass, group: readonly Measured[]): PairFigures {
  const first = group[0]?.series;
  const spacings = group.map(({ spacing }) => spacing).filter((spacing) => spacing !== null);
  // Of the probes between the same two ends, the densest tells.
  const visible = spacings.length === 0 ? null : Math.min(...spacings);
  return { class: name, from: first?.from ?? '', to: first?.to ?? '', figures: summarise(group, [visible]) };
}

/** `visible`: smallest visible gaps of the pairs; the class is as good as its worst pair. */
function summarise(all: readonly Measured[], visible: readonly (number | null)[]): Figures {
  const sum = { sent: 0, lost: 0, announcedLost: 0, late: 0, lateByStall: 0, lagged: 0, broken: 0 };
  const rtts: number[] = [];
  let longestGapMs = 0;
  for (const { series, longest } of all) {
    const counts = series.counts();
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += counts[key];
    longestGapMs = Math.max(longestGapMs, longest);
    series.collectRtts(rtts);
  }
  const sorted = Float64Array.from(rtts).toSorted();
  const known = visible.filter((gap) => gap !== null);
  return {
    ...sum,
    unannouncedLost: sum.lost - sum.announcedLost,
    longestGapMs,
    smallestVisibleGapMs: known.length === 0 ? null : Math.max(...known),
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    upperBound95: upperBound95(sum.lost, sum.sent),
  };
}

/** Nearest-rank quantile of ascending values; null when there are none. */
export function quantile(sorted: ArrayLike<number>, q: number): number | null {
  if (sorted.length === 0) return null;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? null;
}
