/** Ends processes that are found again and again until none is left: what forks while being killed is found the next time. */
import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentError } from '../../core/errors.ts';

/** Sends SIGKILL to whatever `find` names until it names nothing. Errors: EnvironmentError with the survivors after `timeoutMs`. */
export async function endProcesses(find: () => number[], whose: string, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const pids = find().filter((pid) => pid !== process.pid);
    if (pids.length === 0) return;
    if (Date.now() > deadline) throw new EnvironmentError(`processes of ${whose} do not end: ${pids.join(', ')}`);
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended between being found and being killed.
      }
    }
    await delay(20);
  }
}
