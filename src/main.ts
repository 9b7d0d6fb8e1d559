/** argv → verb → exit code. */
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';

import { createProgram } from './cli/program.ts';
import { renderError } from './cli/render-error.ts';
import type { VerbContext, VerbEntry } from './cli/verb.ts';
import { VERBS } from './cli/verbs.ts';
import { ExitCode } from './core/errors.ts';
import { packageVersion } from './core/package-root.ts';

/** What a run of the program touches of its process; tests pass their own. */
export type MainIo = Omit<VerbContext, 'args' | 'options' | 'colour'>;

/**
 * Runs one command line (without node and script) and resolves to its exit code: the
 * verb's own, or 2 for wrong usage, 130 when the verb stopped because it was interrupted.
 * Never rejects and never ends the process.
 */
export async function main(argv: readonly string[], io: MainIo = processIo(), entries: readonly VerbEntry[] = VERBS): Promise<number> {
  const colourless = (io.env['NO_COLOR'] ?? '') !== '';
  const colour = { stdout: io.isTerminal.stdout && !colourless, stderr: io.isTerminal.stderr && !colourless };
  const words = argv.length === 0 ? ['--help'] : argv;
  try {
    const program = await createProgram(entries, words, packageVersion(), { ...io, colour });
    return (await program.run(words)) ?? ExitCode.ok;
  } catch (error) {
    if (io.signal.aborted && (error === io.signal.reason || (error instanceof Error && error.name === 'AbortError'))) {
      io.stderr('Interrupted.\n');
      return 130;
    }
    const rendered = renderError(error, { debug: io.env['FAIRLEAD_DEBUG'] === '1', colour: colour.stderr, argv: words });
    io.stderr(rendered.text);
    return rendered.code;
  }
}

function processIo(signal: AbortSignal = new AbortController().signal): MainIo {
  return {
    stdout: (text) => void process.stdout.write(text),
    drained: async () => (process.stdout.writableNeedDrain ? void (await once(process.stdout, 'drain')) : undefined),
    stderr: (text) => void process.stderr.write(text),
    ask,
    env: process.env,
    signal,
    isTerminal: { stdout: process.stdout.isTTY === true, stderr: process.stderr.isTTY === true },
  };
}

async function ask(question: string): Promise<string | undefined> {
  if (process.stdin.isTTY !== true) return undefined;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

/**
 * Runs the process' own command line and ends the process. The first SIGINT or SIGTERM asks the
 * verb to stop at a safe point, the second ends the process at once.
 */
export async function runProcess(entries: readonly VerbEntry[] = VERBS): Promise<void> {
  const stop = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(130);
    process.stderr.write(`\n${name}: stopping at the next safe point; once more ends it at once.\n`);
    stop.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  // A reader that went away (`| head`) is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const code = await main(process.argv.slice(2), processIo(stop.signal), entries);
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  // Sockets kept alive by a client library must not keep the tool running.
  process.exit(code);
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}

// `node src/main.ts …`; bin/fairlead.js calls runProcess itself.
if (import.meta.main) await runProcess();
