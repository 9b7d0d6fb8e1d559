/** Runs a program of this machine from an argv array, never through a shell. */
import { spawn } from 'node:child_process';
import { EnvironmentError } from './errors.ts';

export interface ProcessOptions {
  stdin?: string | Uint8Array;
  /** Milliseconds until the program is killed and the promise rejects; default 60 000. */
  timeoutMs?: number;
  env?: Record<string, string>;
  cwd?: string;
  signal?: AbortSignal;
  /** Called with every piece of output, of both streams, as it comes. */
  onOutput?: (text: string) => void;
}

export interface ProcessResult {
  /** Exit status; 128 + signal number when a signal ended it. */
  code: number;
  stdout: Uint8Array;
  stderr: string;
}

const SIGNAL_NUMBERS: Record<string, number> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGPIPE: 13, SIGTERM: 15 };

/** Runs argv to its end. Rejects with EnvironmentError when the program is missing or its time is over. */
export function runProcess(argv: readonly string[], options: ProcessOptions = {}): Promise<ProcessResult> {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError('runProcess needs a program');
  const timeoutMs = options.timeoutMs ?? 60_000;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: options.env ? { ...process.env, ...options.env } : process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.signal === undefined ? {} : { signal: options.signal, killSignal: 'SIGTERM' }),
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => {
      out.push(chunk);
      options.onOutput?.(chunk.toString());
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err.push(chunk);
      options.onOutput?.(chunk.toString());
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const missing = error.code === 'ENOENT';
      reject(missing ? new EnvironmentError(`the program ${program} is not installed`, { hint: 'run `fairlead doctor` to see what is missing' }) : error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (late) reject(new EnvironmentError(`\`${argv.join(' ')}\` did not end within ${timeoutMs / 1000} s`));
      else resolve({ code: code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0), stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() });
    });
    // A program may end before it has read its input; what it said and its status are the answer then.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
  });
}

/** Runs argv and returns its standard output as text. Rejects with EnvironmentError naming the command and what it said when its status is not 0. */
export async function output(argv: readonly string[], options: ProcessOptions = {}): Promise<string> {
  const result = await runProcess(argv, options);
  if (result.code === 0) return Buffer.from(result.stdout).toString();
  const said = result.stderr.trim() || Buffer.from(result.stdout).toString().trim() || 'it printed nothing';
  throw new EnvironmentError(`\`${argv.join(' ')}\` ended with status ${result.code}: ${said.slice(0, 2000)}`);
}
