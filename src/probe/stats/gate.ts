/** Whether measured traffic lets a step pass: pass, fail, or unknown when too little was measured. */
import type { ProbeClass } from '../types.ts';
import { PROBE_CLASSES } from '../types.ts';
import type { Aggregate, Figures } from './aggregate.ts';

export interface ClassThresholds {
  /** Unannounced losses tolerated. */
  maxUnannouncedLost: number;
  /** Losses tolerated altogether, announced ones included; null: no limit but the announcements' own. */
  maxLost: number | null;
  /** 99 % of the answers must be this quick, milliseconds; null: not judged. */
  maxP99Ms: number | null;
  /** With fewer samples the class is unknown; 0 for classes that need not be measured. */
  minSamples: number;
}

export interface GateThresholds {
  defaults: ClassThresholds;
  /** Changes for single classes. */
  classes?: Partial<Record<ProbeClass, Partial<ClassThresholds>>>;
  /** Classes that must have been measured; others are judged only when they were. */
  expected: readonly ProbeClass[];
}

/** Nothing unannounced lost, at least some samples: what a gate demands unless told otherwise. */
export const DEFAULT_THRESHOLDS: ClassThresholds = { maxUnannouncedLost: 0, maxLost: null, maxP99Ms: null, minSamples: 10 };

export interface GateResult {
  verdict: 'pass' | 'fail' | 'unknown';
  /** Sentences: every failure and everything unknown; empty when it passes. */
  reasons: string[];
}

/** Judges one aggregate. A failure outweighs everything unknown; unknown is never a pass. Answers that were late because an agent stalled are unknown. */
export function evaluateGate(aggregate: Aggregate, thresholds: GateThresholds): GateResult {
  const failures: string[] = [];
  const unknowns: string[] = [];
  for (const name of PROBE_CLASSES) {
    const figures = aggregate.classes[name];
    const limits = { ...thresholds.defaults, ...thresholds.classes?.[name] };
    const expected = thresholds.expected.includes(name) && limits.minSamples > 0;
    if (!figures && !expected) continue;
    if (figures) failures.push(...failuresOf(name, figures, limits, aggregate));
    const sent = figures?.sent ?? 0;
    if (figures && figures.lateByStall > 0) unknowns.push(stalled(name, figures, aggregate));
    if (expected && sent < limits.minSamples) unknowns.push(`${name}: ${sent} probes, at least ${limits.minSamples} are needed to judge`);
  }
  if (failures.length > 0) return { verdict: 'fail', reasons: [...failures, ...unknowns] };
  return unknowns.length > 0 ? { verdict: 'unknown', reasons: unknowns } : { verdict: 'pass', reasons: [] };
}

function failuresOf(name: ProbeClass, figures: Figures, limits: ClassThresholds, aggregate: Aggregate): string[] {
  const failures: string[] = [];
  if (figures.unannouncedLost - figures.lateByStall > limits.maxUnannouncedLost) {
    failures.push(
      `${name}: ${figures.unannouncedLost} of ${figures.sent} probes lost without announcement, at most ${limits.maxUnannouncedLost} allowed (longest gap ${Math.round(figures.longestGapMs)} ms; ${worstPairs(name, aggregate)})`,
    );
  }
  if (limits.maxLost !== null && figures.lost > limits.maxLost) failures.push(`${name}: ${figures.lost} of ${figures.sent} probes lost, at most ${limits.maxLost} allowed`);
  if (limits.maxP99Ms !== null && figures.p99Ms !== null && figures.p99Ms > limits.maxP99Ms) {
    failures.push(`${name}: 1 % of the answers took longer than ${figures.p99Ms} ms, at most ${limits.maxP99Ms} ms allowed`);
  }
  return failures;
}

/** An answer that came, late, to or from an agent that was not scheduled: it speaks of the machine, and of the network neither way. */
function stalled(name: ProbeClass, figures: Figures, aggregate: Aggregate): string {
  return `${name}: ${figures.lateByStall} of ${figures.sent} answers came late while a probe agent itself stalled, which does not tell how the network is (${worstPairs(name, aggregate)})`;
}

/** The pairs that lost most without announcement, as evidence. */
function worstPairs(name: ProbeClass, aggregate: Aggregate): string {
  const losing = aggregate.pairs.filter((pair) => pair.class === name && pair.figures.unannouncedLost > 0);
  losing.sort((a, b) => b.figures.unannouncedLost - a.figures.unannouncedLost);
  const shown = losing.slice(0, 3).map((pair) => `${pair.from} → ${pair.to} ${pair.figures.unannouncedLost} of ${pair.figures.sent}`);
  return shown.join(', ') + (losing.length > 3 ? `, and ${losing.length - 3} more pairs` : '');
}
