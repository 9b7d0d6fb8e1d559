/** The trial in numbers. Pure. */
import { upperBound95 } from '../../src/probe/stats/bound.ts';
import type { CaseSet } from './case.ts';
import type { Judged } from './judge.ts';

/** What the figures need of a row. */
export interface Scored extends Judged { set: CaseSet; faults: number; seconds: readonly number[] }

export interface Share { right: number; of: number; /** Clopper and Pearson's lower bound of the one-sided 95 % interval. */ atLeast: number }

export interface Figures {
  first: Share; three: Share;
  /** Compounds of which both faults are named. */
  both: Share;
  /** Unknown faults: it says that it cannot tell, and names a part of the way that is broken. */
  handled: Share;
  /** Unknown faults: nothing is proved, but a cause may be called likely, and a part of the way that is broken is named. */
  located: Share;
  /** Innocent cases of which it says that it is not the network. */
  innocent: Share;
  /** Rows with a proved cause that is not true. */
  false: number;
  rows: number;
  /** Seconds of one diagnosis; undefined where none ran. */
  median: number | undefined;
  slowest: number | undefined;
}

/** Share with its bound. */
export const shareOf = (right: number, of: number): Share => ({ right, of, atLeast: of === 0 ? 0 : 1 - upperBound95(of - right, of) });

/** Median; of an even number the mean of the middle two. Undefined of none. */
export function medianOf(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/** All figures. */
export function figuresOf(rows: readonly Scored[]): Figures {
  const of = (set: CaseSet): Scored[] => rows.filter((row) => row.set === set);
  const share = (set: CaseSet, good: (row: Scored) => boolean): Share => shareOf(of(set).filter(good).length, of(set).length);
  const seconds = rows.flatMap((row) => row.seconds);
  return {
    first: share('known', ({ first }) => first), three: share('known', ({ three }) => three), both: share('compound', ({ named, faults }) => named === faults),
    handled: share('unknown', ({ cannotTell, hop }) => cannotTell && hop), located: share('unknown', ({ proved, hop }) => proved.length === 0 && hop), innocent: share('innocent', ({ network }) => network === 'right'),
    false: rows.filter(({ falselyProved }) => falselyProved.length > 0).length, rows: rows.length, median: medianOf(seconds), slowest: seconds.length === 0 ? undefined : Math.max(...seconds),
  };
}
