/** A snapshot in memory: objects with the places they came from, facts of hosts, and what is not known. */
import type { Place } from '../../core/evidence.ts';
import type { Unknown } from '../../core/finding.ts';
import type { KubeObject } from '../objects.ts';
import type { HostFacts } from './host-facts.ts';

export interface Entry {
  object: KubeObject;
  place?: Place;
  /** Remarks `# fairlead:ignore RULE reason` that stand with the object in its file. */
  ignores?: { rule: string; reason: string }[];
}

export interface Snapshot {
  /** Version of Fairlead that collected it. */
  tool: string;
  /** ISO 8601; of files, when they were read. */
  collectedAt: string;
  /** `live`: asked for everything, so that what is not there is not in the cluster. `files`: whatever was handed over. */
  source: 'live' | 'files';
  /** What it was made from: the API server's address, or files and directories. */
  from: string[];
  /** Sorted by kind, namespace and name. */
  entries: Entry[];
  /** Sorted by node. */
  hosts: HostFacts[];
  /** Kinds that were met and say nothing that is used. */
  unlisted: { apiVersion: string; kind: string; count?: number | undefined }[];
  unknown: Unknown[];
}

const keyOf = ({ apiVersion, kind, metadata }: KubeObject): string => [kind, apiVersion, metadata.namespace ?? '', metadata.name].join('\0');
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Sorts, keeps the last of objects that are there twice, and says so. */
export function assemble(parts: Omit<Snapshot, 'entries' | 'hosts'> & { entries: readonly Entry[]; hosts: readonly HostFacts[] }): Snapshot {
  const byKey = new Map<string, Entry>();
  const unknown = [...parts.unknown];
  for (const entry of parts.entries) {
    const key = keyOf(entry.object);
    const before = byKey.get(key);
    if (before !== undefined && before.place !== undefined && entry.place !== undefined) {
      const { kind, metadata } = entry.object;
      unknown.push({
        what: `which ${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name} is in force`,
        why: `it stands in ${before.place.file}:${before.place.line} and in ${entry.place.file}:${entry.place.line}; the latter is used`,
      });
    }
    byKey.set(key, entry);
  }
  const keyed = [...byKey].toSorted(([a], [b]) => compare(a, b));
  const hosts = new Map(parts.hosts.map((host) => [host.node, host]));
  return { ...parts, unknown, entries: keyed.map(([, entry]) => entry), hosts: [...hosts.values()].toSorted((a, b) => compare(a.node, b.node)) };
}
