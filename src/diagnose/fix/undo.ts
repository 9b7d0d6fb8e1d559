/** Takes fixes back, only where nobody else changed an object since. */
import type { Cluster } from '../../cluster/client.ts';
import { describeRef, type KubeObject, type ObjectRef } from '../../cluster/objects.ts';
import { ExitCode, FairleadError } from '../../core/errors.ts';
import { diffOf, fingerprintOf, merged } from './change.ts';
import { patchIf, type Door } from './door.ts';
import { writeFix, type FixRecord } from './store.ts';

/** A change to be taken back; without `current` there is nothing to do, because the object is as it was before. */
export interface UndoStep { at: number; current?: KubeObject; diff: string }

type Recorded = FixRecord['changes'][number];

function refOfRecord({ ref: { namespace, ...ref } }: Recorded): ObjectRef {
  return { ...ref, ...(namespace === '' ? {} : { namespace }) };
}

/** The command by which a person takes a change back. */
function command({ ref, undo }: Recorded): string {
  const object = `${ref.kind.toLowerCase()} ${ref.name}${ref.namespace === '' ? '' : ` -n ${ref.namespace}`}`;
  return undo === null ? `kubectl delete ${object}` : `kubectl patch ${object} --type merge -p '${JSON.stringify(undo).replaceAll("'", String.raw`'\''`)}'`;
}

function byHand({ id }: FixRecord, change: Recorded, why: string): FairleadError {
  return new FairleadError(ExitCode.needsHuman, `${describeRef(refOfRecord(change))} ${why}: ${id} is not undone`, { hint: `where it is right all the same: ${command(change)}` });
}

/** What undoing would change, newest first, without changing anything. Errors: FairleadError 5 where somebody else changed an object since, with the command that undoes it all the same. */
export async function prepareUndo(door: Pick<Cluster, 'get'>, record: FixRecord): Promise<UndoStep[]> {
  const steps: UndoStep[] = [];
  for (const at of [...record.changes.keys()].toReversed()) {
    const change = record.changes[at];
    if (change === undefined || change.state === 'undone') continue;
    const current = await door.get(refOfRecord(change));
    const print = current === undefined ? null : fingerprintOf(current);
    if (print === change.before) steps.push({ at, diff: '' });
    else if (current === undefined) throw byHand(record, change, 'is no longer there');
    else if (print !== change.after || (change.uid !== null && change.uid !== current.metadata.uid)) throw byHand(record, change, 'was changed by somebody else since');
    else steps.push({ at, current, diff: diffOf(current, change.undo === null ? undefined : merged(current, change.undo)) });
  }
  return steps;
}

/** Takes the changes of a fix back, newest first, and notes each. Errors: as `prepareUndo`; Meanwhile when an object is changed in this moment. */
export async function undoFix(door: Door, dir: string, record: FixRecord): Promise<void> {
  for (const { at, current } of await prepareUndo(door, record)) {
    const change = record.changes[at];
    if (change === undefined) continue;
    const ref = refOfRecord(change);
    if (current !== undefined && change.undo === null) await door.delete(ref, current.metadata.uid === undefined ? {} : { uid: current.metadata.uid });
    else if (current !== undefined && change.undo !== null) await patchIf(door, ref, change.undo, current, { from: change.after, to: change.before ?? '' });
    record.changes = record.changes.map((one, index) => (index === at ? { ...one, state: 'undone' as const } : one));
    writeFix(dir, record);
  }
}
