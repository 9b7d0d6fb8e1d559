/** Figures as people read them: the table of classes and the numbers in it, alike in every report. */
import type { ProbeClass } from '../types.ts';
import type { Figures } from './aggregate.ts';

/** A Markdown table with one row a class, and what has to be known to read it. */
export function figuresTable(classes: Partial<Record<ProbeClass, Figures>>, unmeasured: readonly ProbeClass[] = []): string[] {
  const lines = [
    '| class | sent | lost unannounced | lost as announced | longest gap | smallest visible gap | p50 | p99 |',
    '|---|---:|---:|---:|---:|---:|---:|---:|',
  ];
  for (const [name, c] of Object.entries(classes)) {
    lines.push(`| ${name} | ${countText(c.sent)} | ${countText(c.unannouncedLost)} | ${countText(c.announcedLost)} | ${ms(c.longestGapMs)} | ${ms(c.smallestVisibleGapMs)} | ${ms(c.p50Ms)} | ${ms(c.p99Ms)} |`);
  }
  for (const name of unmeasured) lines.push(`| ${name} | not measured | unknown | unknown | – | – | – | – |`);
  return [...lines, '', 'The bound takes losses for independent of each other. They come in bursts, so read it together with the longest gap and with the smallest gap that would have been seen.'];
}

/** `0 of 401 lost (≤ 0.75 % at 95 %, losses come in bursts)`; `bound` as a fraction, null when there is none to tell. */
export function lossText(lost: number, sent: number, bound: number | null): string {
  return `${countText(lost)} of ${countText(sent)} lost${bound === null ? '' : ` (≤ ${percentUp(bound)} at 95 %, losses come in bursts)`}`;
}

/** A count with its thousands set apart. */
export function countText(value: number): string {
  return value.toLocaleString('en-US');
}

/** A fraction as percent with two significant digits, rounded up: a bound must not be made to look better. */
function percentUp(fraction: number): string {
  const value = fraction * 100;
  if (value === 0) return '0 %';
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  const digits = Math.max(0, -Math.floor(Math.log10(unit)));
  return `${(Math.ceil(value / unit - 1e-9) * unit).toFixed(digits)} %`;
}

function ms(value: number | null): string {
  return value === null ? '–' : value === 0 ? '0' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
