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
 * A constant: mark, time and argv are its positional parameters, which no shell parses. Both streams end with the mark,
 * because a connection that is cut can look like an end with status 0. The shell's own remarks ("Killed") are dropped; dash
 * makes them where the redirections of the command hold, hence the subshell. Input that the command did not read is taken
 * in: a connection that cannot get rid of it ends badly.
 */
const SCRIPT = 'exec 3>&2 2>/dev/null; mark=$1; time=$2; shift 2; (timeout -s KILL "$time" "$@" 2>&3 3>&-); code=$?; cat >/dev/null; printf %s "$mark"; printf "%s%d" "$mark" "$code" >&3';

/** The argv that runs `argv` on a host for at most `timeoutMs`; `mark` must not occur in its output (a random one does not). */
export function hostCommand(argv: readonly string[], mark: string, timeoutMs: number): string[] {
  return ['env', '-i', ...ENVIRONMENT, 'sh', '-c', SCRIPT, 'sh', mark, `${Math.max(timeoutMs, 1) / 1000}`, ...argv];
}

/** Splits the proof off. Undefined when it is not there: then it is unknown how the command ended. */
export function completed(output: RawOutput, mark: string): { code: number; stdout: Uint8Array; stderr: Uint8Array } | undefined {
  const [stdout, stderr] = [Buffer.from(output.stdout), Buffer.from(output.stderr)];
  // A child of the command that lives on may write behind the mark; that is no part of the answer.
  const [outEnd, errEnd] = [stdout.lastIndexOf(mark), stderr.lastIndexOf(mark)];
  if (outEnd < 0 || errEnd < 0) return undefined;
  const code = /^\d+/.exec(stderr.subarray(errEnd + mark.length).toString('latin1'))?.[0];
  return code === undefined ? undefined : { code: Number(code), stdout: stdout.subarray(0, outEnd), stderr: stderr.subarray(0, errEnd) };
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
