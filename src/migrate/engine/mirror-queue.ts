/** Carries journal lines to the mirror in the background: the API server may be away for a while, the migration goes on. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Mirror } from './ports.ts';

export interface MirrorQueue {
  push(line: string): void;
  /** Waits until everything is mirrored, at most `timeoutMs`, then stops. Resolves false when lines are left behind. */
  finish(timeoutMs: number): Promise<boolean>;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 5_000;
/** Lines per append, so that one request stays small after a long outage. */
const BATCH = 200;

/** `report` hears of every failure and of the first success after one, with the number of lines not yet mirrored. */
export function startMirrorQueue(mirror: Mirror, report: (behind: number, error: string | null) => void): MirrorQueue {
  const queue: string[] = [];
  const stop = new AbortController();
  let pumping: Promise<void> | undefined;

  const pump = async (): Promise<void> => {
    let failures = 0;
    while (queue.length > 0 && !stop.signal.aborted) {
      const batch = queue.slice(0, BATCH);
      try {
        await mirror.append(batch);
        queue.splice(0, batch.length);
        if (failures > 0) report(queue.length, null);
        failures = 0;
      } catch (error) {
        report(queue.length, error instanceof Error ? error.message : String(error));
        await sleep(Math.min(FIRST_RETRY_MS * 2 ** failures++, LONGEST_RETRY_MS), undefined, { signal: stop.signal }).catch(() => undefined);
      }
    }
  };
  const start = (): void => {
    pumping ??= pump().finally(() => {
      pumping = undefined;
      if (queue.length > 0 && !stop.signal.aborted) start();
    });
  };
  return {
    push(line) {
      queue.push(line);
      start();
    },
    async finish(timeoutMs) {
      const timer = setTimeout(() => stop.abort(), timeoutMs);
      while (pumping !== undefined) await pumping;
      clearTimeout(timer);
      return queue.length === 0;
    },
  };
}
