/** Running the tool itself, and interrupting it as Ctrl-C does once its journal says something. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../src/core/package-root.ts';
import { readJournal } from '../../src/migrate/journal.ts';
import type { JournalEntry } from '../../src/migrate/journal/entries.ts';

export interface Ended {
  /** Exit status, 137 when it was killed. */
  code: number;
  stderr: string;
  stdout: string;
  /** Whether it was interrupted because the journal said what was waited for. */
  interrupted: boolean;
}

export interface ToolOptions {
  /** Milliseconds after which it is killed; that is an error. */
  timeoutMs: number;
  journal?: string;
  /** Interrupts the tool when an entry that is new since its start is like this. */
  until?: (entry: JournalEntry) => boolean;
  log?: (text: string) => void;
}

/** Runs `fairlead WORDS…` to its end. Errors: one naming the command when it does not end in time. */
export async function runTool(words: readonly string[], options: ToolOptions): Promise<Ended> {
  const started = Date.now();
  const child = spawn(process.execPath, [join(packageRoot(), 'src/main.ts'), ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
    options.log?.(text);
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, options.timeoutMs);
  const over = new AbortController();
  let interrupted = false;
  const watch = async (): Promise<void> => {
    const { journal, until } = options;
    if (journal === undefined || until === undefined) return;
    while (!over.signal.aborted && !interrupted) {
      // A damaged or half-written journal is the tool's to report.
      const entries = await readJournal(journal).catch(() => []);
      interrupted = entries.some((entry) => entry.t >= started && until(entry));
      if (interrupted) child.kill('SIGINT');
      else await sleep(100, undefined, { signal: over.signal }).catch(() => undefined);
    }
  };
  const watching = watch();
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  over.abort();
  await watching;
  if (late) throw new Error(`fairlead ${words.join(' ')} did not end within ${options.timeoutMs / 1000} s:\n${said.stderr.slice(-3000)}`);
  return { code: code ?? (signal === 'SIGKILL' ? 137 : 1), ...said, interrupted };
}
