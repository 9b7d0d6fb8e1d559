/** Secrets by reference: command lines and files name where a secret is, never what it is. */
import { readFile } from 'node:fs/promises';
import { parseArgsStringToArgv } from 'string-argv';
import { EnvironmentError, UsageError } from './errors.ts';
import { runProcess } from './process.ts';

/** How long a password manager may take; it may ask its user for something. */
const PROGRAM_MS = 60_000;

/** A secret that is read when it is first needed, and once. */
export interface SecretReference {
  /** As written: `env:NAME`, `file:PATH` or `exec:PROGRAM ARGUMENT…`. */
  reference: string;
  /** Rejects with an error that names the reference and never what was read. */
  read(): Promise<string>;
}

/**
 * Takes a reference apart. `exec:` runs a program without a shell; single and double quotes keep words together. Errors:
 * UsageError naming `what` (the option, or file and line) for anything else.
 */
export function secretReference(reference: string, what: string, env: Readonly<Record<string, string | undefined>> = process.env): SecretReference {
  const { kind, rest } = /^(?<kind>env|file|exec):(?<rest>.+)$/s.exec(reference)?.groups ?? {};
  // What was written may be the secret itself: it is not repeated.
  if (kind === undefined || rest === undefined) throw new UsageError(`${what} is no reference to a secret`, { hint: 'Write env:NAME, file:PATH or exec:PROGRAM ARGUMENT…; a secret itself is not accepted.' });
  let known: Promise<string> | undefined;
  const read = async (): Promise<string> => oneLine(kind === 'env' ? fromEnvironment(rest, reference, what, env) : kind === 'file' ? await fromFile(rest, reference, what) : await fromProgram(rest, reference, what), reference, what);
  return { reference, read: () => (known ??= read()) };
}

function fromEnvironment(name: string, reference: string, what: string, env: Readonly<Record<string, string | undefined>>): string {
  const value = env[name];
  if (value === undefined) throw new UsageError(`${what} is ${reference}, but there is no such environment variable`);
  return value;
}

async function fromFile(path: string, reference: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`${what} is ${reference}, but the file cannot be read: ${(cause as NodeJS.ErrnoException).code ?? 'unknown reason'}`, { cause });
  }
}

async function fromProgram(command: string, reference: string, what: string): Promise<string> {
  const result = await runProcess(parseArgsStringToArgv(command), { timeoutMs: PROGRAM_MS });
  if (result.code !== 0) throw new EnvironmentError(`${what} is ${reference}, but the program ended with status ${result.code}: ${result.stderr.trim().slice(-500) || 'it said nothing'}`);
  return Buffer.from(result.stdout).toString();
}

/** Files and programs end their line; the secret is what stands before. */
function oneLine(text: string, reference: string, what: string): string {
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') throw new UsageError(`${what} is ${reference}, which is empty`);
  if (/[\r\n\0]/.test(secret)) throw new UsageError(`${what} is ${reference}, which has more than one line`);
  return secret;
}
