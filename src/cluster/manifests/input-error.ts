/** Bad input, with the place where it stands. */
import { UsageError } from '../../core/errors.ts';
import { placeText } from './origin.ts';

/** An input that cannot be used. The message begins with `file:line:`; without a line it is about the file as such. */
export class InputError extends UsageError {
  readonly file: string;
  readonly line: number | undefined;
  /** The message without file and line. */
  readonly reason: string;

  constructor(file: string, line: number | undefined, reason: string, options: { hint?: string; cause?: unknown } = {}) {
    super(`${placeText(file, line)}: ${reason}`, options);
    this.file = file;
    this.line = line;
    this.reason = reason;
  }
}
