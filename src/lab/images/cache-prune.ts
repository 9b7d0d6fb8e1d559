/** Keeps the cache of images from growing for ever: what has not been used for some days goes. */
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** Three days: long enough for a weekend between two runs. */
const MAX_AGE_MS = 3 * 24 * 3600 * 1000;

/** Marks a cache entry as used now. */
export async function markUsed(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now);
}

/** Removes entries of `directory` named by a digest (with or without an ending) that were last marked more than three days before `now` (epoch ms). */
export async function pruneUnused(directory: string, now = Date.now()): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!/^[0-9a-f]{64}(\.[a-z]+)?$/.test(name)) continue;
    const path = join(directory, name);
    const stats = await stat(path).catch(() => undefined);
    if (stats !== undefined && now - stats.mtimeMs > MAX_AGE_MS) await rm(path, { recursive: true, force: true });
  }
}
