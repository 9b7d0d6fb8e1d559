/** Runs a command line as a user would, in this process, and returns what it printed. */
import { main, type MainIo } from '../../main.ts';

export interface Ran { code: number; stdout: string; stderr: string }

export async function runMain(...argv: string[]): Promise<Ran> {
  return await runMainWith({}, ...argv);
}

/** As `runMain`, on a terminal or with an environment of the test's own. */
export async function runMainWith(io: Partial<Pick<MainIo, 'ask' | 'env'>>, ...argv: string[]): Promise<Ran> {
  const ran: Ran = { code: -1, stdout: '', stderr: '' };
  ran.code = await main(argv, {
    stdout: (text) => (ran.stdout += text),
    stderr: (text) => (ran.stderr += text),
    ask: () => Promise.resolve(undefined),
    env: {},
    signal: new AbortController().signal,
    isTerminal: { stdout: false, stderr: false },
    ...io,
  });
  return ran;
}
