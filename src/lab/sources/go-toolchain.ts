/** Runs the Go command: finds it, checks its version, starts it in a process group of its own and ends that. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { EnvironmentError } from '../../core/errors.ts';
import type { Toolchain } from './digest.ts';
import { compareVersions } from './versions.ts';

const KILL_AFTER_MS = 3_000;

/** Where Go's own installer puts it; `sudo` often drops it from PATH. */
const GO_INSTALL_DIRECTORY = '/usr/local/go/bin';

export interface GoRun {
  cwd: string;
  env: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
  /** A descriptor that the child inherits so that a lock on it lives as long as the child. */
  lockFd?: number | undefined;
  onErrorLine?: ((line: string) => void) | undefined;
}

export interface GoResult {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Settings that decide what is compiled are pinned, so that neither the user's environment nor
 * `go env -w` changes the binaries; where modules come from (proxy, checksum database, caches) stays theirs.
 */
export function goEnvironment(options: { cgo: boolean; extra: Readonly<Record<string, string>> }): Record<string, string> {
  return {
    GOFLAGS: '-mod=readonly -buildvcs=false',
    GOWORK: 'off',
    GOOS: 'linux',
    GOARCH: goArchitecture(),
    GOAMD64: 'v1',
    CGO_ENABLED: options.cgo ? '1' : '0',
    // The compiler is short-lived: trading memory for fewer collections saves a tenth of the time.
    GOGC: '400',
    ...options.extra,
  };
}

/** Go's name for this machine's architecture. */
export function goArchitecture(): string {
  const machine = arch();
  return machine === 'x64' ? 'amd64' : machine;
}

/**
 * The Go toolchain that would build the module in `moduleDirectory`.
 * Throws EnvironmentError when Go is missing or older than the module's go.mod asks for.
 */
export async function inspectGo(moduleDirectory: string, signal?: AbortSignal): Promise<Toolchain> {
  const needed = /^go (\d+\.\d+(?:\.\d+)?)/m.exec(await readFile(join(moduleDirectory, 'go.mod'), 'utf8'))?.[1] ?? '1.26';
  const env = goEnvironment({ cgo: false, extra: {} });
  const result = await runGo(['env', 'GOVERSION'], { cwd: moduleDirectory, env, signal });
  const goVersion = result.stdout.trim();
  const number = /^go(\d+\.\d+(?:\.\d+)?)/.exec(goVersion)?.[1];
  if (result.code !== 0 || number === undefined) {
    throw new EnvironmentError(`Go does not start: ${lastLines(result.stderr, 3)}`, { hint: goHint(needed) });
  }
  if (compareVersions(number, needed) < 0) {
    throw new EnvironmentError(`Go ${number} is too old: building the lab's programs needs Go ${needed} or newer.`, {
      hint: goHint(needed),
    });
  }
  return { goVersion, goos: 'linux', goarch: goArchitecture() };
}

function goHint(needed: string): string {
  return `Install Go ${needed} or newer, or give the programs ready-made with --components DIR.`;
}

/** Throws EnvironmentError when no C compiler is there, which only cgo units need. */
export async function requireCCompiler(signal?: AbortSignal): Promise<void> {
  const compiler = process.env['CC'] ?? 'gcc';
  const [command = compiler, ...leading] = compiler.split(/\s+/);
  const found = await new Promise<boolean>((done) => {
    const child = spawn(command, [...leading, '--version'], { stdio: 'ignore', ...(signal ? { signal } : {}) });
    child.once('error', () => done(false));
    child.once('exit', (code) => done(code === 0));
  });
  signal?.throwIfAborted();
  if (found) return;
  throw new EnvironmentError(`The C compiler \`${command}\` is not there; flannel's udp backend is partly C and needs it.`, {
    hint: 'Install it (Debian: apt-get install gcc libc6-dev), or give flanneld ready-made with --components DIR.',
  });
}

/**
 * Runs `go` with arguments; resolves with its exit code, throws EnvironmentError when there is no Go.
 * When the signal aborts, the whole process group (compilers and linkers too) is ended and the reason thrown.
 */
export function runGo(argv: readonly string[], run: GoRun): Promise<GoResult> {
  return new Promise((done, fail) => {
    if (run.signal?.aborted) return fail(run.signal.reason as Error);
    const path = `${process.env['PATH'] ?? ''}${delimiter}${GO_INSTALL_DIRECTORY}`;
    const child = spawn('go', [...argv], {
      cwd: run.cwd,
      env: { ...process.env, PATH: path, ...run.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', ...(run.lockFd === undefined ? [] : [run.lockFd])],
    });
    let stdout = '';
    const errorLines: string[] = [];
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    const lines = createInterface({ input: child.stderr! });
    lines.on('line', (line) => {
      errorLines.push(line);
      run.onErrorLine?.(line);
    });
    const ended = endGroupOnAbort(child.pid, run.signal);
    child.once('error', (cause: NodeJS.ErrnoException) => {
      ended();
      if (cause.code !== 'ENOENT') return fail(cause);
      fail(
        new EnvironmentError('Go is not installed; the lab builds the programs it does not find from their Go modules.', {
          hint: goHint('1.26'),
          cause,
        }),
      );
    });
    child.once('close', (code) => {
      ended();
      if (run.signal?.aborted) return fail(run.signal.reason as Error);
      done({ code: code ?? 1, stdout, stderr: errorLines.join('\n') });
    });
  });
}

/** Ends a process group when the signal aborts or this process exits; call the result once the group is gone. */
function endGroupOnAbort(pid: number | undefined, signal: AbortSignal | undefined): () => void {
  if (pid === undefined) return () => {};
  let last: NodeJS.Timeout | undefined;
  const end = (how: NodeJS.Signals) => {
    try {
      process.kill(-pid, how);
    } catch {
      // The group is gone already.
    }
  };
  const abort = () => {
    end('SIGTERM');
    last = setTimeout(() => end('SIGKILL'), KILL_AFTER_MS);
  };
  const exit = () => end('SIGKILL');
  signal?.addEventListener('abort', abort, { once: true });
  process.once('exit', exit);
  return () => {
    clearTimeout(last);
    signal?.removeEventListener('abort', abort);
    process.removeListener('exit', exit);
  };
}

/** The last lines of a program's output, for an error message. */
export function lastLines(output: string, count: number): string {
  return output.trim().split('\n').slice(-count).join('\n');
}
