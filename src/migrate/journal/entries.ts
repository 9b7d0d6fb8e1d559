/** The kinds of journal entries. The journal is the only memory of a migration: everything needed to go on or back is in it. */
import type { Announcement } from '../../probe/types.ts';
import type { Json, StepGroup } from '../types.ts';

/** What is being done in a session of the tool. */
export type Command = 'migrate' | 'resume' | 'rollback';

export type JournalBody =
  /** First entry, and again at the start of every later session. `target` for rollback: `all` or a node's name. */
  | { type: 'header'; plan: string; tool: string; pid: number; started: string; command: Command; target?: string }
  /** Durable before the step acts. `already`: the effect was there before us, so it is not ours to undo. */
  | { type: 'step-intent'; step: string; group: StepGroup; captured: Json; already: boolean }
  | { type: 'announce-open'; announcement: Announcement }
  | { type: 'announce-close'; id: string; step: string }
  | { type: 'step-applied'; step: string }
  | { type: 'step-verified'; step: string; evidence: string[] }
  | { type: 'gate'; step: string; purpose: 'step' | 'rollback'; verdict: 'pass' | 'fail' | 'unknown'; reasons: string[]; figures: Json }
  | { type: 'step-done'; step: string }
  | { type: 'step-failed'; step: string; group: StepGroup; phase: string; error: string; evidence: string[] }
  /** Something outside took the effect of a done step away (a node rebooted), and it was put back. */
  | { type: 'repaired'; step: string; evidence: string[] }
  | { type: 'rollback-intent'; group: StepGroup; reason: string }
  | { type: 'undo-intent'; step: string }
  | { type: 'undo-done'; step: string }
  | { type: 'undo-failed'; step: string; attempt: number; error: string }
  /** All steps of the group are undone and the gate passed. */
  | { type: 'group-rolled-back'; group: StepGroup }
  /** Stopped at a safe point; `next` is the command that goes on. */
  | { type: 'interrupted'; reason: string; next: string }
  /** The last entry of a migration that came to its end. */
  | { type: 'finished'; outcome: 'migrated' | 'rolled-back' };

/** `n` counts from 0; `t` epoch ms; `prev` the hash of the entry before (64 zeros for the first); `hash` sha256 of the canonical JSON of all the rest. */
export type JournalEntry = JournalBody & { n: number; t: number; prev: string; hash: string };
