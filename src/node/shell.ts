/** How a host of the cluster is reached: `lab`, `ssh` and `pod` implement this and pass one contract suite. */
import { EnvironmentError } from '../core/errors.ts';

export interface RunOptions {
  /** Bytes for the command's standard input; empty when absent. */
  stdin?: string | Uint8Array;
  /** Milliseconds after which the command is killed and `run` rejects. Default 30 000. */
  timeoutMs?: number;
}

export interface RunResult {
  /** Exit status; 128 + signal number when a signal ended the command. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface NodeShell {
  /** The Kubernetes node name this shell reaches (or `outside`). */
  readonly node: string;
  /** Runs argv on the node, never through a shell. Resolves whatever the exit status; rejects when the node cannot be reached, the program is missing or the time is over. */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Reads a whole file; resolves undefined when there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Writes a file atomically (temporary file and rename in its directory, fsynced); creates the directory. */
  write(path: string, bytes: string | Uint8Array, mode?: number): Promise<void>;
}

/** Runs argv and returns its standard output. Errors: EnvironmentError naming node, command, status and stderr when the status is not 0. */
export async function runOrThrow(shell: NodeShell, argv: readonly string[], options?: RunOptions): Promise<string> {
  const result = await shell.run(argv, options);
  if (result.code === 0) return result.stdout;
  const said = (result.stderr || result.stdout).trim().slice(0, 2000) || 'it printed nothing';
  throw new EnvironmentError(`node ${shell.node}: \`${argv.join(' ')}\` ended with status ${result.code}: ${said}`);
}

/** Reads a file as UTF-8 text; undefined when there is none. */
export async function readText(shell: NodeShell, path: string): Promise<string | undefined> {
  const bytes = await shell.read(path);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
