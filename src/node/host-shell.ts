/** The one NodeShell: everything but how a host is entered, which each way supplies as a transport. */
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError, NotStartedError } from '../core/errors.ts';
import { checkStarted, completed, hostCommand, type RawOutput } from './host-command.ts';
import { partialOf } from './partial-file.ts';
import { runOrThrow, type NodeShell, type RunOptions } from './shell.ts';

/**
 * Runs argv on the host as root, exactly as given, and resolves all of its output, whatever its status. Rejects with
 * NotStartedError when nothing has run, with EnvironmentError when it is unknown whether it did, at the latest after
 * `timeoutMs`.
 */
export type Transport = (argv: readonly string[], options: { stdin?: Uint8Array; timeoutMs: number }) => Promise<RawOutput>;

const DEFAULT_MS = 30_000;
/** How much longer the answer of a command that was ended on the host may take. */
const ANSWER_MS = 10_000;
/** Pause before another attempt to open the way to the host. */
const AGAIN_MS = 300;

interface RawResult {
  code: number;
  stdout: Uint8Array;
  stderr: string;
}

/** Runs argv; while the way to the host cannot be opened and nothing has run, tries again until its time is over. */
async function runOn(node: string, transport: Transport, argv: readonly string[], options: RunOptions): Promise<RawResult> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_MS;
  const deadline = performance.now() + timeoutMs;
  const stdin = options.stdin === undefined || options.stdin.length === 0 ? undefined : Buffer.from(options.stdin);
  const said = `\`${argv.join(' ').slice(0, 500)}\``;
  for (;;) {
    const mark = `fairlead-${randomBytes(12).toString('hex')}-`;
    const began = performance.now();
    const leftMs = deadline - began;
    try {
      const output = await transport(hostCommand(argv, mark, leftMs), { timeoutMs: leftMs + ANSWER_MS, ...(stdin === undefined ? {} : { stdin }) });
      const result = completed(output, mark);
      if (result === undefined) {
        const last = Buffer.from(output.stderr).toString().trim().slice(-500);
        throw new EnvironmentError(`node ${node}: the connection broke while ${said} ran; it is unknown whether it finished${last === '' ? '' : ` (the last it said: ${last})`}`);
      }
      // `timeout` ends the command and itself by SIGKILL.
      if (result.code === 137 && performance.now() - began >= leftMs) throw new EnvironmentError(`node ${node}: ${said} did not end within ${timeoutMs / 1000} s and was killed there`);
      return { ...result, stderr: Buffer.from(result.stderr).toString() };
    } catch (error) {
      if (!(error instanceof NotStartedError)) throw error;
      if (performance.now() + AGAIN_MS >= deadline) {
        throw new NotStartedError(`node ${node} could not be reached for ${timeoutMs / 1000} s; nothing was run: ${error.message}`, { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) });
      }
      await sleep(AGAIN_MS);
    }
  }
}

/** A NodeShell over a way to enter a host. Files go through programs that any host has. */
export function hostShell(node: string, transport: Transport): NodeShell {
  const shell: NodeShell = {
    node,
    async run(argv, options = {}) {
      const { code, stdout, stderr } = await runOn(node, transport, argv, options);
      const result = { code, stdout: Buffer.from(stdout).toString(), stderr };
      checkStarted(node, argv, result);
      return result;
    },
    async read(path) {
      const result = await runOn(node, transport, ['cat', '--', path], {});
      if (result.code === 0) return result.stdout;
      if (result.stderr.endsWith(': No such file or directory\n')) return undefined;
      throw new EnvironmentError(`node ${node}: cannot read ${path}: ${result.stderr.trim()}`);
    },
    async write(path, bytes, mode = 0o644) {
      const partial = partialOf(path);
      // Made with its mode first: what goes into it is never readable by more people than the whole file will be.
      await runOrThrow(shell, ['install', '-D', '-m', mode.toString(8), '--', '/dev/null', partial]);
      try {
        await runOrThrow(shell, ['dd', `of=${partial}`, 'conv=fsync', 'status=none'], { stdin: bytes });
        await runOrThrow(shell, ['mv', '-f', '-T', '--', partial, path]);
      } catch (error) {
        await shell.run(['rm', '-f', '--', partial]).catch(() => undefined);
        throw error;
      }
      await runOrThrow(shell, ['sync', '--', dirname(path)]);
    },
  };
  return shell;
}
