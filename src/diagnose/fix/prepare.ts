/** A remedy over the objects as they are now: read, and not yet changed. */
import type { Cluster } from '../../cluster/client.ts';
import { describeRef } from '../../cluster/objects.ts';
import { diffOf, keeperOf, type Change } from './change.ts';
import { cannot, type Cannot, type Remedy } from './mender.ts';

export interface Prepared { what: string; why: readonly string[]; changes: readonly Change[]; /** Unified, of all objects. */ diff: string }

/** Reads the objects and makes the change out of them, without changing anything. */
export async function prepare(door: Pick<Cluster, 'get'>, { what, why, aims }: Remedy): Promise<Prepared | Cannot> {
  const [changes, kept]: [Change[], string[]] = [[], []];
  for (const { ref, edit } of aims) {
    const before = await door.get(ref);
    const keeper = before === undefined ? undefined : keeperOf(before);
    if (keeper?.takesBack === true) return cannot(`${describeRef(ref)} is made by ${keeper.name}, which would take the change back: change it there`);
    if (keeper !== undefined) kept.push(`${describeRef(ref)} is kept by ${keeper.name}: make the same change at its source, or it will be taken back`);
    const after = edit(before);
    if ('cannot' in after) return after as Cannot;
    changes.push({ ref, ...(before === undefined ? {} : { before }), after });
  }
  return { what, why: [...why, ...kept], changes, diff: changes.map(({ before, after }) => diffOf(before, after)).join('') };
}
