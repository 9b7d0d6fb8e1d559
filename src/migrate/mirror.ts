/** The journal's copy in the cluster, and the Lease that keeps a second operator away. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, UnreachableError } from '../cluster/api-error.ts';
import type { Cluster } from '../cluster/client.ts';
import { Lease } from '../cluster/lease.ts';
import type { KubeObject, ObjectRef } from '../cluster/objects.ts';
import { EnvironmentError } from '../core/errors.ts';
import type { Mirror } from './engine/ports.ts';

export const MIRROR_NAMESPACE = 'fairlead-system';
const LEASE_NAME = 'fairlead-migration';
const COMPONENT = { 'app.kubernetes.io/name': 'fairlead', 'app.kubernetes.io/component': 'migration-journal' };
const KEY = 'journal.ndjson';
/** UTF-16 units in one ConfigMap: at most 192 KiB as UTF-8, far below the 1 MiB that the API server takes, and cheap to write again for every entry. */
const CHUNK_LENGTH = 64 * 1024;
/** A restart of the only API server must not cost the Lease. */
const LEASE_SECONDS = 60;

/** The part of `Cluster` that the copy needs. */
export type MirrorKube = Pick<Cluster, 'list' | 'apply' | 'delete'>;
/** The part of `Lease` that the lock needs. */
export type MirrorLease = Pick<Lease, 'acquire' | 'renew' | 'release'>;

/**
 * The mirror of a migration in its own cluster. `holder` says who works (user and host); it must be the same again when
 * a killed run is resumed, so that the Lease it left is taken at once: the lock file of the journal already keeps two
 * processes of one machine apart.
 */
export function clusterMirror(cluster: Cluster, holder: string): Mirror {
  const lease = new Lease(cluster, { namespace: MIRROR_NAMESPACE, name: LEASE_NAME, holder, durationSeconds: LEASE_SECONDS });
  return createMirror(cluster, lease);
}

/** A mirror over any API and lock; `renewMs` between two renewals. */
export function createMirror(kube: MirrorKube, lease: MirrorLease, renewMs: number = (LEASE_SECONDS * 1000) / 3): Mirror {
  const lost = new AbortController();
  const released = new AbortController();
  const lines: string[] = [];
  /** Contents of the ConfigMaps as last seen or written. */
  let stored: string[] = [];
  let compared = false;

  const renew = async (): Promise<void> => {
    while (!released.signal.aborted) {
      await sleep(renewMs, undefined, { signal: released.signal, ref: false });
      try {
        await lease.renew();
      } catch (error) {
        // An API server that is away or just starting says nothing about who holds the Lease.
        if (!(error instanceof UnreachableError) && !(error instanceof ApiError)) return lost.abort(error);
      }
    }
  };

  return {
    lost: lost.signal,
    async acquire() {
      await kube.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: MIRROR_NAMESPACE } });
      const taken = await lease.acquire();
      if (!taken.held) {
        throw new EnvironmentError(`${taken.holder} is migrating this cluster: Lease ${MIRROR_NAMESPACE}/${LEASE_NAME}${taken.renewTime === '' ? '' : ` was renewed at ${taken.renewTime}`}`, {
          hint: 'Wait for that run to end; nothing was changed by this one.',
        });
      }
      renew().catch(() => undefined); // Rejects only when its sleep is cut short by the release.
      stored = await storedChunks(kube);
    },
    async append(more) {
      for (const line of more) lines[lineNumber(line)] = line;
      // The ConfigMaps of an earlier migration of this cluster make way; those of this one are continued.
      if (!compared && lines[0] !== undefined) {
        if (!lines[0].startsWith(stored[0]?.slice(0, lines[0].length) ?? '')) {
          for (const index of stored.keys()) await kube.delete(chunkRef(index));
          stored = [];
        }
        compared = true;
      }
      for (const [index, chunk] of chunks(lines.join('')).entries()) {
        if (stored[index]?.startsWith(chunk)) continue;
        await kube.apply(chunkObject(index, chunk), { force: true });
        stored[index] = chunk;
      }
    },
    async release() {
      released.abort();
      if (!lost.signal.aborted) await lease.release();
    },
  };
}

/** Cuts a text into pieces of at most CHUNK_LENGTH units, never inside a character; the same text is always cut at the same places. */
function chunks(text: string): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + CHUNK_LENGTH, text.length);
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end--;
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function lineNumber(line: string): number {
  return (JSON.parse(line) as { n: number }).n;
}

function chunkRef(index: number): ObjectRef {
  return { apiVersion: 'v1', kind: 'ConfigMap', namespace: MIRROR_NAMESPACE, name: `fairlead-journal-${index}` };
}

function chunkObject(index: number, chunk: string): KubeObject {
  const { apiVersion, kind, namespace, name } = chunkRef(index);
  return { apiVersion, kind, metadata: { name, namespace: namespace ?? '', labels: COMPONENT }, data: { [KEY]: chunk } };
}

async function storedChunks(kube: MirrorKube): Promise<string[]> {
  const found = await kube.list<KubeObject & { data?: Record<string, string> }>({
    apiVersion: 'v1', kind: 'ConfigMap', namespace: MIRROR_NAMESPACE, labelSelector: `app.kubernetes.io/component=${COMPONENT['app.kubernetes.io/component']}`,
  });
  const texts: string[] = [];
  for (const { metadata, data } of found) texts[Number(metadata.name.slice('fairlead-journal-'.length))] = data?.[KEY] ?? '';
  // A gap (a ConfigMap somebody removed) is written again.
  return Array.from(texts, (text) => text ?? '');
}
