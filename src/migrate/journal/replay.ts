/** What a journal says about a migration: a pure reducer over its entries, the only source of state. */
import type { AnnouncedWindow } from '../../probe/types.ts';
import type { Json, StepGroup } from '../types.ts';
import type { Command, JournalEntry } from './entries.ts';

/**
 * - `in-doubt`: its intent is durable; it may have acted in full, in part or not at all.
 * - `done`: applied, verified and, where it has a gate, passed.
 * - `undoing`: its undo began; it may have acted in full, in part or not at all.
 */
export type StepStatus = 'in-doubt' | 'done' | 'undoing' | 'undone';

export interface StepState {
  id: string;
  group: StepGroup;
  status: StepStatus;
  /** What its undo needs, read before it first acted. */
  captured: Json;
  /** Its effect was there before us: never undone. */
  already: boolean;
  /** Epoch ms of its (latest) intent and of `step-done`. */
  startedAt: number;
  endedAt: number | null;
}

export interface Failure {
  step: string;
  group: StepGroup;
  phase: string;
  error: string;
  evidence: readonly string[];
  at: number;
}

export interface MigrationState {
  /** Digest of the plan; null in an empty journal. */
  plan: string | null;
  /** The command of the latest session and, for a rollback, its target. */
  command: Command | null;
  target: string | null;
  /** Steps that were ever intended, in the order of their (latest) intent. */
  steps: ReadonlyMap<string, StepState>;
  /** Announcements still open, by id. */
  open: ReadonlyMap<string, AnnouncedWindow>;
  /** A group whose rollback was decided and is not finished, and why. */
  rollback: { group: StepGroup; reason: string } | null;
  /** The group of the latest intent that is not finished or undone. */
  currentGroup: StepGroup | null;
  /** A step of group `commit` was begun: no undo any more. */
  committed: boolean;
  lastFailure: Failure | null;
  lastUndoFailure: { step: string; error: string } | null;
  /** Set when the latest session ended at a safe point. */
  interrupted: { reason: string; next: string } | null;
  finished: 'migrated' | 'rolled-back' | null;
  lastAt: number | null;
}

export const EMPTY_STATE: MigrationState = {
  plan: null, command: null, target: null, steps: new Map(), open: new Map(), rollback: null, currentGroup: null, committed: false,
  lastFailure: null, lastUndoFailure: null, interrupted: null, finished: null, lastAt: null,
};

/** The state after all entries, oldest first. Total: any prefix of a history gives a state from which the engine can go on or back. */
export function replay(entries: readonly JournalEntry[]): MigrationState {
  return entries.reduce(advance, EMPTY_STATE);
}

/** The state after one more entry. */
export function advance(before: MigrationState, entry: JournalEntry): MigrationState {
  const state = { ...before, lastAt: entry.t };
  switch (entry.type) {
    case 'header':
      return { ...state, plan: entry.plan, command: entry.command, target: entry.target ?? null, interrupted: null, finished: null };
    case 'step-intent': {
      const steps = new Map(state.steps);
      steps.delete(entry.step);
      steps.set(entry.step, {
        id: entry.step, group: entry.group, status: 'in-doubt', captured: entry.captured, already: entry.already, startedAt: entry.t, endedAt: null,
      });
      return { ...state, steps, currentGroup: entry.group, committed: state.committed || entry.group === 'commit' };
    }
    case 'announce-open':
      return { ...state, open: new Map(state.open).set(entry.announcement.id, { ...entry.announcement, openedAt: entry.t, closedAt: null }) };
    case 'announce-close': {
      const open = new Map(state.open);
      open.delete(entry.id);
      return { ...state, open };
    }
    case 'step-done':
      return withStep(state, entry.step, { status: 'done', endedAt: entry.t });
    case 'step-failed': {
      const failure: Failure = { step: entry.step, group: entry.group, phase: entry.phase, error: entry.error, evidence: entry.evidence, at: entry.t };
      // Past the point of no return nothing is undone; before it a failed step dooms its group, even if we die right here.
      const rollback = entry.group === 'commit' ? state.rollback : { group: entry.group, reason: entry.error };
      return { ...state, lastFailure: failure, rollback };
    }
    case 'rollback-intent':
      return { ...state, rollback: { group: entry.group, reason: entry.reason }, currentGroup: entry.group };
    case 'undo-intent':
      return withStep(state, entry.step, { status: 'undoing' });
    case 'undo-done':
      return { ...withStep(state, entry.step, { status: 'undone', endedAt: entry.t }), lastUndoFailure: null };
    case 'undo-failed':
      return { ...state, lastUndoFailure: { step: entry.step, error: entry.error } };
    case 'group-rolled-back':
      return { ...state, rollback: null, currentGroup: null, lastUndoFailure: null };
    case 'interrupted':
      return { ...state, interrupted: { reason: entry.reason, next: entry.next } };
    case 'finished':
      return { ...state, finished: entry.outcome, currentGroup: null };
    case 'step-applied':
    case 'step-verified':
    case 'repaired':
    case 'gate':
      return state;
  }
}

/** Every announcement ever opened, oldest first, with when it was closed (null while open): what the probe statistics need. */
export function windowsOf(entries: readonly JournalEntry[]): AnnouncedWindow[] {
  const windows = new Map<string, AnnouncedWindow>();
  for (const entry of entries) {
    if (entry.type === 'announce-open') windows.set(entry.announcement.id, { ...entry.announcement, openedAt: entry.t, closedAt: null });
    if (entry.type === 'announce-close') {
      const window = windows.get(entry.id);
      if (window !== undefined) windows.set(entry.id, { ...window, closedAt: entry.t });
    }
  }
  return [...windows.values()];
}

function withStep(state: MigrationState, id: string, change: Partial<StepState>): MigrationState {
  const step = state.steps.get(id);
  return step === undefined ? state : { ...state, steps: new Map(state.steps).set(id, { ...step, ...change }) };
}
