/** Finds a fault by what a person calls it. */
import { UsageError } from '../../core/errors.ts';
import { nearest } from '../distance.ts';
import type { Fault } from '../faults/fault.ts';
import { KNOWN_FAULTS } from '../faults/faults.ts';

/** Faults that are named where there is none of that id. */
const NAMED = 4;

/** A fault by its id or name, in whatever case. Errors: UsageError with the nearest ids. */
export function findFault(text: string): Fault {
  const wanted = text.trim().toLowerCase();
  const found = KNOWN_FAULTS.find(({ id, name }) => id.toLowerCase() === wanted || name.toLowerCase() === wanted);
  if (found !== undefined) return found;
  const keys = new Map(KNOWN_FAULTS.flatMap((fault) => [[fault.id.toLowerCase(), fault], [fault.name.toLowerCase(), fault]] as const));
  const near = [...new Set(nearest(wanted, [...keys.keys()], 2 * NAMED).flatMap((key) => keys.get(key) ?? []))].slice(0, NAMED);
  throw new UsageError(`there is no fault ${text}`, { hint: `Nearest are ${near.map(({ id, name }) => `${id} (${name})`).join(', ')}; \`fairlead diagnose explain\` lists all.` });
}
