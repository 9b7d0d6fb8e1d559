/**
 * Errors meant for people. Anything else that is thrown is a bug of ours and is
 * reported as one. Exit codes are those of docs/guides/exit-codes.md.
 */

/** Exit codes of every verb. */
export const ExitCode = {
  ok: 0,
  /** Findings, a failed gate, or nothing but `unknown`. */
  findings: 1,
  /** Wrong usage or bad input. */
  usage: 2,
  /** The environment does not let us: unreachable, not permitted, tool missing. */
  environment: 3,
  /** A migration step failed and was rolled back. */
  rolledBack: 4,
  /** A person must act; the message carries the exact next command. */
  needsHuman: 5,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** An error whose message a user can act on: what happened, to what, what was expected, what to do. */
export class FairleadError extends Error {
  readonly exitCode: ExitCode;
  /** What to do next, one sentence or command. */
  readonly hint: string | undefined;

  constructor(exitCode: ExitCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.exitCode = exitCode;
    this.hint = options.hint;
  }
}

/** Wrong usage or bad input; the message names the flag, or file, line and path in the document. */
export class UsageError extends FairleadError {
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(ExitCode.usage, message, options);
  }
}

/** The machine or cluster does not let us do it; the message names what is missing. */
export class EnvironmentError extends FairleadError {
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(ExitCode.environment, message, options);
  }
}

/** Nothing has been done yet, because the way there could not be opened: asking again is harmless. */
export class NotStartedError extends EnvironmentError {}
