/** Small file-system helpers of this folder. */
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Whether anything is at that path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Waits until every file of a directory is on the disk, so that the rename which follows can
 * never make a program visible that a power cut emptied.
 */
export async function flushDirectory(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const file = await open(join(directory, name), 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
