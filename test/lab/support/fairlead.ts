/** The command line as its users call it: a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../../src/core/package-root.ts';
import { runProcess } from '../../../src/core/process.ts';

const PROGRAM = [process.execPath, join(packageRoot(), 'src/main.ts')] as const;

export interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `fairlead WORDS…` to its end. */
export async function fairlead(...words: string[]): Promise<Said> {
  return fairleadFor(300_000, ...words);
}

/** As `fairlead`, for what takes longer. */
export async function fairleadFor(timeoutMs: number, ...words: string[]): Promise<Said> {
  const { code, stdout, stderr } = await runProcess([...PROGRAM, ...words], { timeoutMs });
  return { code, stdout: Buffer.from(stdout).toString(), stderr };
}

/** Runs `fairlead WORDS…` and returns what it printed. Fails the test when it did not exit 0. */
export async function fairleadOk(...words: string[]): Promise<string> {
  const said = await fairlead(...words);
  if (said.code !== 0) throw new Error(`fairlead ${words.join(' ')} exited ${said.code}:\n${said.stderr}${said.stdout}`);
  return said.stdout;
}

/** `fairlead WORDS…` as an ordinary user, who may not even write to a home directory. */
export async function fairleadAsNobody(...words: string[]): Promise<Said> {
  const { code, stdout, stderr } = await runProcess(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...PROGRAM, ...words], { env: { HOME: '/nonexistent' } });
  return { code, stdout: Buffer.from(stdout).toString(), stderr };
}

/** A `fairlead` that is still at work, to be interrupted. */
export interface Running {
  child: ChildProcess;
  stderr(): string;
  /** Resolves once it has said this on stderr; rejects when it ends before. */
  said(text: string): Promise<void>;
  /** Exit status, or the signal's name. */
  ended: Promise<number | string>;
}

/** Starts `fairlead WORDS…` without waiting for its end. */
export function startFairlead(...words: string[]): Running {
  return start([...PROGRAM, ...words]);
}

/** Starts a script of the tests without waiting for its end. */
export function startScript(script: URL, ...words: string[]): Running {
  return start([process.execPath, fileURLToPath(script), ...words]);
}

function start([program = '', ...args]: readonly string[]): Running {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return {
    child,
    stderr: () => stderr,
    ended,
    async said(text) {
      while (!stderr.includes(text)) {
        const over = await Promise.race([once(child.stderr, 'data').then(() => false), ended.then(() => true)]);
        if (over && !stderr.includes(text)) throw new Error(`fairlead ended before it said "${text}":\n${stderr}`);
      }
    },
  };
}
