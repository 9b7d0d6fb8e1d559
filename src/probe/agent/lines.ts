/**
 * What an agent writes: NDJSON, ASCII only, so that characters and bytes count alike.
 *
 * A sample is an array `[stream, seq, t, rttMs | null, flags, extras?]`; everything else is an
 * object told apart by `k`:
 * `h` header of a process · `d` definition of a stream · `b` heartbeat · `e` end of a stream ·
 * `x` break of a long-lived connection · `g` configuration taken · `c` wall clock stepped ·
 * `n` the output goes on in the next segment · `z` end of the process.
 */
import type { CanaryState, ProbeClass, ProbeKind } from '../types.ts';

export const SampleFlag = { ok: 1, late: 2, lagged: 4 } as const;

export interface SampleExtras {
  /** Error. */
  e?: string;
  /** Name of the agent that answered. */
  v?: string;
  /** State that a canary saw. */
  s?: CanaryState;
}

export type SampleLine = [stream: number, seq: number, t: number, rttMs: number | null, flags: number, extras?: SampleExtras];

export interface HeaderLine {
  k: 'h';
  v: 1;
  mesh: string;
  self: string;
  node?: string;
  /** Unlike for every process, also within one pod. */
  instance: string;
  pid: number;
  /** Epoch milliseconds. */
  start: number;
  clock: string;
  /** Older segments than these are deleted: what was not collected by then is lost and counts as lost. */
  keeps: { segments: number; bytes: number };
}
export interface StreamLine {
  k: 'd';
  s: number;
  class: ProbeClass;
  probe: ProbeKind;
  to: string;
  ms: number;
  t: number;
}
export interface HeartbeatLine {
  k: 'b';
  t: number;
  /** Per live stream: id, last seq sent, and the seq up to which every sample is written. */
  streams: [stream: number, sent: number, settled: number][];
  /** Worst event loop lag since the last heartbeat, milliseconds. */
  lag: number;
  /** Sends that a stall made impossible: they were never sent and have no seq. */
  skipped: number;
  /** CPU milliseconds used since the last heartbeat. */
  cpu: number;
  /** Resident bytes. */
  rss: number;
}
export interface StreamEndLine {
  k: 'e';
  s: number;
  t: number;
  /** Last seq sent. */
  seq: number;
  why: 'draining' | 'config' | 'term';
}
export interface BreakLine {
  k: 'x';
  s: number;
  t: number;
  why: string;
}
export interface ConfigLine {
  k: 'g';
  t: number;
  revision: number;
}
export interface ClockLine {
  k: 'c';
  t: number;
  /** Milliseconds by which wall time was stepped. */
  step: number;
}
export interface NextLine {
  k: 'n';
  segment: number;
}
export interface ExitLine {
  k: 'z';
  t: number;
}

export type InfoLine = HeaderLine | StreamLine | HeartbeatLine | StreamEndLine | BreakLine | ConfigLine | ClockLine | NextLine | ExitLine;
export type AgentLine = SampleLine | InfoLine;

/** One line as text, newline included. */
export function encodeLine(line: AgentLine): string {
  return `${JSON.stringify(line).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}

/** A line back from text; undefined when a crash tore it. */
export function decodeLine(text: string): AgentLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value.length >= 5 ? (value as SampleLine) : undefined;
    return typeof value === 'object' && value !== null && 'k' in value ? (value as InfoLine) : undefined;
  } catch {
    return undefined;
  }
}

/** Path of a segment: the first has the name itself, later ones a number. */
export function segmentPath(file: string, segment: number): string {
  return segment === 0 ? file : `${file}.${segment}`;
}
