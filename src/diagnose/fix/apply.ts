/** Makes changes in the living cluster: each with its undo stored before, and only where nobody else changed the object meanwhile. */
import { ApiError } from '../../cluster/api-error.ts';
import type { KubeObject } from '../../cluster/objects.ts';
import { ExitCode, FairleadError } from '../../core/errors.ts';
import { fingerprintOf, patchOf, undoOf, type Change } from './change.ts';
import { Meanwhile, patchIf, type Door } from './door.ts';
import type { Prepared } from './prepare.ts';
import { createFix, writeFix, type FixRecord } from './store.ts';
import { undoFix } from './undo.ts';

async function act(door: Door, change: Change): Promise<KubeObject> {
  const { ref, before, after } = change;
  if (before !== undefined) return await patchIf(door, ref, patchOf(change), before, { from: fingerprintOf(before), to: fingerprintOf(after) });
  const made = await door.create(after);
  if (made === undefined) throw new Meanwhile(ref);
  return made;
}

function recordOf(door: Door, fault: string, { what, changes }: Prepared, now: Date): Omit<FixRecord, 'id'> {
  return {
    version: 1, fault, what, cluster: door.endpoint, at: now.toISOString(),
    changes: changes.map(({ ref, before, after }) => ({
      ref: { ...ref, namespace: ref.namespace ?? '' }, uid: before?.metadata.uid ?? null, before: before === undefined ? null : fingerprintOf(before), after: fingerprintOf(after), undo: before === undefined ? null : undoOf(before, after), state: 'meant' as const,
    })),
  };
}

/**
 * Stores what undoes them, then makes the changes; where one fails, those before it are taken back. Errors: Meanwhile,
 * ApiError; FairleadError 5 where what was done could not be taken back, with the command that does it.
 */
export async function applyFix(door: Door, dir: string, fault: string, prepared: Prepared, now: Date): Promise<FixRecord> {
  const record = createFix(dir, recordOf(door, fault, prepared, now));
  const note = (at: number, more: Partial<FixRecord['changes'][number]>): void => {
    record.changes = record.changes.map((one, index) => (index === at ? { ...one, ...more } : one));
    writeFix(dir, record);
  };
  for (const [at, change] of prepared.changes.entries()) {
    try {
      const after = await act(door, change);
      note(at, { uid: after.metadata.uid ?? null, after: fingerprintOf(after), state: 'made' });
    } catch (error) {
      // Whoever answers with an error did not do it; after silence, undoing looks.
      if (error instanceof Meanwhile || error instanceof ApiError) note(at, { state: 'undone' });
      await takeBack(door, dir, record, error);
      throw error;
    }
  }
  return record;
}

async function takeBack(door: Door, dir: string, record: FixRecord, because: unknown): Promise<void> {
  try {
    await undoFix(door, dir, record);
  } catch {
    throw new FairleadError(ExitCode.needsHuman, `${because instanceof Error ? because.message : String(because)}; what was changed of ${record.id} before is not taken back`, { hint: `fairlead diagnose undo ${record.id}`, cause: because });
  }
}
