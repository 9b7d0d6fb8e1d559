/** Waits for a state by looking again and again: survives restarts of the API server, which a watch does not without help. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError } from '../core/errors.ts';
import { UnreachableError } from './api-error.ts';

export interface WaitOptions {
  timeoutMs: number;
  /** What is waited for, as the message of the timeout says it: "waited 30 s for <what>". */
  what: string;
  /** Milliseconds between two looks. Default 250. */
  intervalMs?: number;
  signal?: AbortSignal;
}

/** Asks `look` until it resolves something else than undefined, and resolves that. An unreachable API server counts as "not yet". Errors: EnvironmentError at the deadline; whatever else `look` throws; the signal's reason. */
export async function waitUntil<T>(look: () => Promise<T | undefined>, options: WaitOptions): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  let trouble: UnreachableError | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      const seen = await look();
      if (seen !== undefined) return seen;
      trouble = undefined;
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      trouble = error;
    }
    const left = deadline - performance.now();
    if (left <= 0) {
      const why = trouble === undefined ? '' : `; at the end: ${trouble.message}`;
      throw new EnvironmentError(`waited ${options.timeoutMs / 1000} s for ${options.what}, in vain${why}`, { cause: trouble });
    }
    await sleep(Math.min(options.intervalMs ?? 250, left), undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}
