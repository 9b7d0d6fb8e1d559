/** Runs a program with this process' own terminal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

/** Resolves to the program's exit status, 128 + signal number when a signal ended it. SIGINT goes to the program, as in a shell. */
export async function runInherited(argv: readonly string[]): Promise<number> {
  const [program, ...args] = argv;
  const child = spawn(program as string, args, { stdio: 'inherit' });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
