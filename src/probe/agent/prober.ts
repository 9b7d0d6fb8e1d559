/** The seam between scheduling and protocols: a prober sends one probe at a time and says what came back. */
import type { CanaryState } from '../types.ts';

export interface Outcome {
  ok: boolean;
  /** Monotonic milliseconds at which it was known. */
  at: number;
  error?: string;
  /** The agent that answered. */
  via?: string;
  seen?: CanaryState;
  /** Milliseconds for which the answering agent's own stalls kept the probe waiting, as it says itself. */
  peerLag?: number;
  /** False when nothing answered, so that `at` says nothing about a round trip. */
  timed?: false;
}

export interface Prober {
  /** Sends probe `seq`; calls `report` at most once, never after `cancel(seq)`. Never throws. */
  send(seq: number, report: (outcome: Outcome) => void): void;
  /** The deadline has passed without a report, or (`final`) the wait for a late answer too: an outcome of the prober's own, or undefined to go on as usual. */
  expire?(seq: number, final: boolean): Outcome | undefined;
  /** Gives a probe up and frees what it holds. */
  cancel(seq: number): void;
  close(): void;
  /** What to call a probe without an answer in time, when not `timeout` or `late`. */
  readonly lostAs?: string;
}

/** The errno or code of an error, or its first words. */
export function errorText(error: unknown): string {
  if (error instanceof Error) return 'code' in error && typeof error.code === 'string' ? error.code : error.message.slice(0, 120);
  return String(error).slice(0, 120);
}
