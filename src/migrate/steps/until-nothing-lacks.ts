/** Verifying what comes about by itself: a Node that says Ready may say otherwise once more before it stays so. */
import { waitUntil } from '../../cluster/wait.ts';
import { EnvironmentError } from '../../core/errors.ts';
import { waitOptions, type StepContext } from './context.ts';

/** How long what is there already may be gone again, milliseconds: a kubelet that has just started tells the state of its runtime and network a few seconds late. */
const PATIENCE_MS = 60_000;

/** Looks until nothing lacks, one sentence each, and resolves what still does in the end (`patienceMs`, a minute). Errors: whatever `look` throws besides an API server that cannot be reached. */
export async function untilNothingLacks(ctx: StepContext, what: string, look: () => Promise<string[]>, patienceMs = PATIENCE_MS): Promise<string[]> {
  let found: string[] | undefined;
  const whole = async (): Promise<true | undefined> => {
    found = await look();
    return found.length === 0 ? true : undefined;
  };
  await waitUntil(whole, { ...waitOptions(ctx, what, patienceMs), intervalMs: 500 }).catch((error: unknown) => {
    if (found === undefined || found.length === 0 || !(error instanceof EnvironmentError)) throw error;
  });
  return found ?? [];
}
