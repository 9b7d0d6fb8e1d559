/** Bad input, with the place where it stands. */
import { UsageError } from '../../core/errors.ts';

/** An input that cannot be used. The message begins with `file:line:`. */
export class InputError extends UsageError {
  readonly line: number;
  /** The message without file and line. */
  readonly reason: string;

  constructor(file: string, line: number, reason: string, options: { hint?: string; cause?: unknown } = {}) {
    super(`${file}:${line}: ${reason}`, options);
    this.line = line;
    this.reason = reason;
  }
}
