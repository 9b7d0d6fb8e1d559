/** What snapshots are called: enough to tell one from other inputs, without anything that reads them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const MANIFEST = 'snapshot.json';

/** Whether a name is that of an archive. */
export function isArchiveName(name: string): boolean {
  return /\.(tgz|tar\.gz)$/.test(name);
}

/** Whether an input is a snapshot, by its name or by what lies in the directory. */
export function isSnapshot(input: string): boolean {
  return isArchiveName(input) || existsSync(join(input, MANIFEST));
}
