/** What the engine needs from outside: judging traffic, telling the probes about announcements, mirroring the journal. */
import type { AnnouncedWindow } from '../../probe/types.ts';
import type { JournalEntry } from '../journal/entries.ts';
import type { Json, StepSpec } from '../types.ts';

export interface GateVerdict {
  /** `unknown` is never treated as a pass: the engine asks again up to a limit, then fails the step. */
  verdict: 'pass' | 'fail' | 'unknown';
  /** Full sentences, each naming what was expected and what was seen. */
  reasons: string[];
  /** The numbers the verdict rests on, for the journal and the report. */
  figures: Json;
}

/** `step`: after a step was applied and verified. `rollback`: after a group was undone (no life of the target CNI is expected on its nodes then). */
export type GatePurpose = 'step' | 'rollback';

/**
 * Judges measured traffic. `windows` are all announcements open now. For purpose `rollback` the step is the
 * first of the undone group that has a gate (or its first step); it is asked again while the verdict is not `pass`, because
 * what made the step fail may take a while to end. A throw counts as `unknown`.
 */
export type Gate = (step: StepSpec, windows: readonly AnnouncedWindow[], purpose: GatePurpose) => Promise<GateVerdict>;

/** Told after the journal entry is durable and, for `open`, before the step acts. Errors are reported and do not stop the engine: the journal is the truth. */
export interface Announcer {
  open(window: AnnouncedWindow): Promise<void>;
  close(window: AnnouncedWindow): Promise<void>;
}

/** Copy of the journal in the cluster, with a lock against a second operator. */
export interface Mirror {
  /** Takes the lock. Errors: EnvironmentError naming the holder when somebody else has it. */
  acquire(): Promise<void>;
  /** Appends journal lines (with their newlines); must be idempotent per line number. Errors: anything; the engine tries again later. */
  append(lines: readonly string[]): Promise<void>;
  release(): Promise<void>;
  /** Aborted when somebody else holds the lock; the reason is an Error saying who. */
  readonly lost: AbortSignal;
}

export type EngineEvent =
  /** Every journal entry, once durable. */
  | { type: 'entry'; entry: JournalEntry }
  | { type: 'phase'; step: string; phase: StepPhase }
  | { type: 'retry'; step: string; phase: StepPhase; attempt: number; error: string }
  | { type: 'announcer-failed'; window: string; error: string }
  | { type: 'mirror'; behind: number; error: string | null };

export type StepPhase = 'check' | 'capture' | 'apply' | 'verify' | 'gate' | 'undo' | 'repair';
