/** Waits until files have changed and have come to rest. */
import { watch, type FSWatcher } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentError } from '../../core/errors.ts';
import type { Look } from './sources.ts';

/**
 * Milliseconds between two looks that must see the same before files are read: longer than the clock of a file system
 * ticks (10 ms with HZ=100), so that a later write is seen in the time of the file, and than a program pauses that writes one file.
 */
const REST = 20;

const same = (a: Look, b: Look): boolean => a.stamps.size === b.stamps.size && [...a.stamps].every(([path, stamp]) => b.stamps.get(path) === stamp);

export class Watcher<L extends Look> {
  readonly #look: () => Promise<L>;
  readonly #watchers = new Map<string, FSWatcher>();
  #seen: L;
  #events = 0;
  #wake: (() => void) | undefined;

  private constructor(look: () => Promise<L>, seen: L) {
    [this.#look, this.#seen] = [look, seen];
    this.#follow(seen);
  }

  /** Begins to watch; `look` says what there is. Errors: as of `look`; EnvironmentError where the system watches no more files. */
  static async start<L extends Look>(look: () => Promise<L>): Promise<{ watcher: Watcher<L>; first: L }> {
    const watcher = new Watcher(look, await look());
    // What changed between the look and the first watch would be missed.
    const first = await look();
    watcher.#seen = first;
    watcher.#follow(first);
    return { watcher, first };
  }

  /** Watches the directories that there are now. */
  #follow({ directories }: Look): void {
    for (const [directory, watcher] of this.#watchers) {
      if (directories.has(directory)) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    for (const directory of directories) {
      if (this.#watchers.has(directory)) continue;
      try {
        const watcher = watch(directory, () => this.#event());
        // A directory that goes away is no failure: the next look sees it.
        watcher.on('error', () => this.#event());
        this.#watchers.set(directory, watcher);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') continue;
        throw new EnvironmentError(`${directory} cannot be watched: ${cause instanceof Error ? cause.message : String(cause)}`, { hint: 'The system may have too many watches (fs.inotify.max_user_watches); name fewer directories.', cause });
      }
    }
  }

  #event(): void {
    this.#events += 1;
    this.#wake?.();
  }

  /** What there is once something has changed and two looks saw the same; undefined when the signal came first. Errors: as of `start`. */
  async changed(signal: AbortSignal): Promise<L | undefined> {
    for (;;) {
      if (this.#events === 0 && !signal.aborted) await this.#sleep(signal);
      if (signal.aborted) return undefined;
      const look = await this.#rested(signal);
      if (look === undefined) return undefined;
      if (same(look, this.#seen)) continue;
      this.#seen = look;
      return look;
    }
  }

  async #sleep(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    signal.addEventListener('abort', this.#wake);
    await promise;
    signal.removeEventListener('abort', this.#wake);
    this.#wake = undefined;
  }

  async #rested(signal: AbortSignal): Promise<L | undefined> {
    let before: L | undefined;
    while (!signal.aborted) {
      this.#events = 0;
      const look = await this.#look();
      this.#follow(look);
      if (before !== undefined && same(before, look) && this.#events === 0) return look;
      before = look;
      await delay(REST, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
  }
}
