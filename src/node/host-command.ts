/** The command that really runs on a host: bounded in time there, and followed by a proof that it came to its end. */
import { EnvironmentError } from '../core/errors.ts';
import type { RunResult } from './shell.ts';

/** What comes back of a command, whatever its status and however it was cut short. */
export interface RawOutput {
  stdout: Uint8Array;
  stderr: Uint8Array;
}

/**
 * Environment of every command: programs where hosts keep them (/opt/bin is where K3s' and others' installers put theirs
 * when /usr is read-only), messages in English.
 */
const ENVIRONMENT = ['HOME=/root', 'LC_ALL=C.UTF-8', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin'];

/**
 * A constant: mark, time and argv are its positional parameters, which no shell parses. Both streams begin and
 * end with the mark: what a login says before it is no answer, and a connection that is cut can look like an end with status 0. The shell's own remarks ("Killed") are dropped; dash
 * makes them where the redirections of the command hold, hence the subshell. Input that the command did not read is taken
 * in: a connection that cannot get rid of it ends badly.
 */
const SCRIPT = 'exec 3>&2 2>/dev/null; mark=$1; time=$2; shift 2; printf %s "$mark"; printf %s "$mark" >&3; (timeout -s KILL "$time" "$@" 2>&3 3>&-); code=$?; cat >/dev/null; printf %s "$mark"; printf "%s%d" "$mark" "$code" >&3';

/** The argv that runs `argv` on a host for at most `timeoutMs`; `mark` must not occur in its output (a random one does not). */
export function hostCommand(argv: readonly string[], mark: string, timeoutMs: number): string[] {
  return ['env', '-i', ...ENVIRONMENT, 'sh', '-c', SCRIPT, 'sh', mark, `${Math.max(timeoutMs, 1) / 1000}`, ...argv];
}

/** Splits the marks off. Undefined when one is missing: then it is unknown how the command ended. */
export function completed(output: RawOutput, mark: string): { code: number; stdout: Uint8Array; stderr: Uint8Array } | undefined {
  const stdout = between(output.stdout, mark);
  const stderr = between(output.stderr, mark);
  // A child of the command that lives on may write behind the mark; that is no part of the answer.
  const code = /^\d+/.exec(stderr?.after ?? '')?.[0];
  return stdout === undefined || stderr === undefined || code === undefined ? undefined : { code: Number(code), stdout: stdout.inside, stderr: stderr.inside };
}

function between(bytes: Uint8Array, mark: string): { inside: Uint8Array; after: string } | undefined {
  const all = Buffer.from(bytes);
  const [first, last] = [all.indexOf(mark), all.lastIndexOf(mark)];
  return first === last ? undefined : { inside: all.subarray(first + mark.length, last), after: all.subarray(last + mark.length).toString('latin1') };
}

/** What `timeout` says (coreutils and busybox) when it cannot start the command. */
const CANNOT_START = /^timeout: (?:failed to run command|can.t execute|failed to execute) .*: ([^:]+)\n?$/s;

/** Rejections of a command that could not be run at all. Errors: EnvironmentError for a missing or unusable program. */
export function checkStarted(node: string, argv: readonly string[], result: RunResult): void {
  if (result.code !== 126 && result.code !== 127) return;
  const why = CANNOT_START.exec(result.stderr)?.[1];
  if (why === undefined || result.stdout !== '') return;
  throw new EnvironmentError(`node ${node}: the program ${argv[0] ?? ''} cannot be run: ${why}`, { hint: `Install it on the node, or see where it is: Fairlead looks in ${(ENVIRONMENT[2] ?? '').replace('PATH=', '')}.` });
}
