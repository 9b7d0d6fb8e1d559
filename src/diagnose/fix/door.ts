/** The living cluster as fixes use it: objects change only while they are what was read. */
import { ApiError } from '../../cluster/api-error.ts';
import type { Cluster } from '../../cluster/client.ts';
import { describeRef, type KubeObject, type ObjectRef } from '../../cluster/objects.ts';
import { EnvironmentError } from '../../core/errors.ts';
import { fingerprintOf } from './change.ts';

export type Door = Pick<Cluster, 'get' | 'create' | 'patch' | 'delete' | 'endpoint'>;

/** Status and notes of servers are written all the time: so often a patch is tried again when the spec is still the one that was read. */
const TRIES = 5;

/** An object is not what was read: nothing of it was changed. */
export class Meanwhile extends EnvironmentError {
  constructor(ref: ObjectRef) {
    super(`${describeRef(ref)} was changed by somebody else meanwhile; of it nothing was changed`, { hint: 'Run the same command again: it looks at the objects anew.' });
  }
}

/** Patches an object whose spec is still the one with fingerprint `from`, with its resourceVersion as precondition; `to`: that of what it becomes. Errors: Meanwhile when it is another; ApiError. */
export async function patchIf(door: Door, ref: ObjectRef, patch: Readonly<Record<string, unknown>>, read: KubeObject, { from, to }: { from: string; to: string }): Promise<KubeObject> {
  let current: KubeObject | undefined = read;
  for (let tries = 0; current !== undefined && tries < TRIES; tries++) {
    const print = fingerprintOf(current);
    // A patch whose answer was lost is sent again: then it is done already.
    if (print === to) return current;
    if (print !== from) break;
    try {
      current = await door.patch(ref, { metadata: { resourceVersion: current.metadata.resourceVersion }, ...patch }, 'merge');
      if (current !== undefined) return current;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      current = await door.get(ref);
    }
  }
  throw new Meanwhile(ref);
}
