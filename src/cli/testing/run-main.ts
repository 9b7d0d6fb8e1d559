/** Runs a command line as a user would, in this process, and returns what it printed. */
import { main } from '../../main.ts';

export interface Ran { code: number; stdout: string; stderr: string }

export async function runMain(...argv: string[]): Promise<Ran> {
  const ran: Ran = { code: -1, stdout: '', stderr: '' };
  ran.code = await main(argv, {
    stdout: (text) => (ran.stdout += text),
    stderr: (text) => (ran.stderr += text),
    ask: () => Promise.resolve(undefined),
    env: {},
    signal: new AbortController().signal,
    isTerminal: { stdout: false, stderr: false },
  });
  return ran;
}
