/** When the API server was away, and how long other clients may take to see again what it says. */

/** Reading everything again and acting on it: kube-proxy gathers changes for up to a second (--iptables-min-sync-period). */
const SYNC_MS = 3_000;
/** A reflector waits 30 s at most between two attempts, with a jitter of up to as much again (client-go tools/cache/reflector.go: 800 ms, doubled each time). */
const LONGEST_PAUSE_MS = 60_000;

/**
 * What one client saw of outages. Those who watch, kube-proxy first of all, try to connect again with pauses that double: after
 * an outage of so many seconds the next attempt may be twice as many away. Until then they go by what they knew, and send
 * requests to pods that have ended since. All times in milliseconds of one monotonic clock.
 */
export class OutageWatch {
  #from: number | undefined;
  #until = 0;
  #away = false;

  /** A request found no server. */
  failed(at: number): void {
    // One that begins before the last is digested prolongs it: pauses that grew do not shrink at once.
    if (!this.#away && this.remainingMs(at) === 0) this.#from = at;
    this.#away = true;
  }

  /** A request was answered. */
  answered(at: number): void {
    if (this.#away) this.#until = at;
    this.#away = false;
  }

  /** How long from `at` until those who watch have caught up; 0 when no outage is known. */
  remainingMs(at: number): number {
    if (this.#from === undefined) return 0;
    const until = this.#away ? at : this.#until;
    return Math.max(0, until + Math.min(2 * (until - this.#from), LONGEST_PAUSE_MS) + SYNC_MS - at);
  }
}
