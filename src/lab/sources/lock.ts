/** Locks between processes that the kernel releases by itself when their holder dies. */
import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EnvironmentError } from '../../core/errors.ts';

export interface FileLock {
  /**
   * The locked descriptor. A child that inherits it keeps the lock after our death, until it ends
   * itself: so an orphaned build is waited for instead of being run twice.
   */
  fd: number;
  release(): Promise<void>;
}

/**
 * Takes an exclusive lock on a file (made when missing, never deleted), waiting for its holder.
 * Node has no flock(2); util-linux' flock locks the open file description that it inherits from us.
 * `onWait` is called once when somebody else holds it, with what that holder wrote about itself.
 * Throws EnvironmentError without `flock`, and the signal's reason when aborted.
 */
export async function lockFile(
  path: string,
  options: { onWait?: (holder: string) => void; signal?: AbortSignal } = {},
): Promise<FileLock> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'a+');
  try {
    if (!(await flock(file, ['--exclusive', '--nonblock'], options.signal))) {
      options.onWait?.((await readFile(path, 'utf8')).trim() || 'another process');
      if (!(await flock(file, ['--exclusive'], options.signal))) {
        throw new EnvironmentError(`Cannot lock ${path}.`);
      }
    }
    await file.truncate(0);
    await file.write(`process ${process.pid}, since ${new Date().toISOString()}\n`);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { fd: file.fd, release: () => file.close() };
}

/** Runs `flock OPTIONS FD` with our descriptor; false when somebody else holds the lock. */
function flock(file: FileHandle, options: readonly string[], signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise((done, fail) => {
    if (signal?.aborted) return fail(signal.reason as Error);
    const child = spawn('flock', [...options, '3'], { stdio: ['ignore', 'ignore', 'ignore', file.fd] });
    const abort = () => child.kill('SIGKILL');
    signal?.addEventListener('abort', abort, { once: true });
    child.once('error', (cause) =>
      fail(
        new EnvironmentError('The program `flock` cannot be run; the lab needs it to keep two builds apart.', {
          hint: 'Install the package util-linux.',
          cause,
        }),
      ),
    );
    child.once('exit', (code) => {
      signal?.removeEventListener('abort', abort);
      if (signal?.aborted) fail(signal.reason as Error);
      else done(code === 0);
    });
  });
}
