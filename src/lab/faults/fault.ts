/** What a fault is: something that goes wrong in a lab on request, with all that is needed to make it right again. */
import type { LabNode, LabState } from '../state.ts';

/** Data that undoing needs; plain JSON, because it is stored before the fault acts. */
export type Captured = Readonly<Record<string, unknown>>;

/** Details of a fault; each fault accepts those that it names. */
export interface FaultOptions {
  /** UDP or TCP port. */
  port?: number;
  /** Bytes of an IP packet or of an MTU. */
  bytes?: number;
  /** As seen from the node. */
  direction?: 'in' | 'out' | 'both';
  /** Network device of the node. */
  device?: string;
  /** Directory of the node. */
  path?: string;
  /** `namespace/name` of a pod. */
  pod?: string;
  /** Names of the peers concerned; all other nodes when absent. */
  peers?: string[];
}

export type OptionName = keyof FaultOptions;

export interface FaultContext {
  lab: LabState;
  node: LabNode;
  /** The other nodes concerned. */
  peers: LabNode[];
  /** Names everything that the fault makes: lower-case letters, digits and hyphens. */
  id: string;
  options: FaultOptions;
  signal: AbortSignal;
  /** The migration's journal, for the fault that aims at the tool itself. */
  journal: string | undefined;
}

export interface Fault {
  name: string;
  /** What it does, as one sentence for the list. */
  does: string;
  /** How it ends, as one sentence for the list. */
  ends: string;
  /** `none` for what is aimed at no node; `server` when that is the default. */
  node: 'required' | 'server' | 'none';
  options: readonly OptionName[];
  /** False for what happens once and leaves nothing to undo. */
  lasting: boolean;
  /** Looks, changes nothing. Errors: UsageError or EnvironmentError when the fault cannot be had here. */
  capture(ctx: FaultContext): Promise<Captured>;
  /** Acts; returns a sentence about what was done. */
  inject(ctx: FaultContext, captured: Captured): Promise<string>;
  /** Undoes what is still as `inject` left it, also after half an injection or a second time; what somebody else changed since stays theirs. */
  undo(ctx: FaultContext, captured: Captured): Promise<void>;
  /** Called again and again while the fault is active, for what must be done anew; a pause of `KEEP_PAUSE_MS` in between. */
  keep?(ctx: FaultContext, captured: Captured): Promise<void>;
}

/** Milliseconds between two calls of `keep`. */
export const KEEP_PAUSE_MS = 200;

/** For faults that leave nothing behind. */
export const nothingToUndo = { lasting: false, ends: 'At once; there is nothing to undo.', undo: () => Promise.resolve() } as const;
