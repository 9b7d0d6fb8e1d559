/** Objects as a live snapshot has them. */
import { Readable } from 'node:stream';
import { loadSnapshot } from '../../cluster/snapshot/load.ts';
import type { Snapshot } from '../../cluster/snapshot/model.ts';
import { CATALOGUE } from '../../cni/catalogue.ts';

/** Reads them as from a file, and says that everything was asked for. */
export async function liveSnapshot(objects: readonly object[]): Promise<Snapshot> {
  const stdin = Readable.from([Buffer.from(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))]);
  return { ...(await loadSnapshot(['-'], { catalogue: CATALOGUE, stdin, tool: 'test', now: new Date(0) })), source: 'live' };
}
