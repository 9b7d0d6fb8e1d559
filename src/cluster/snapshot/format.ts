/**
 * The format of snapshots, version 1: files in a directory or in a gzipped tar. `snapshot.json` is the manifest;
 * `objects/KIND.GROUP.ndjson` has one object per line; `hosts.ndjson` has the facts of one host per line.
 * Readers take unknown files and unknown fields of the manifest as coming from a newer Fairlead of the same
 * version, and refuse other versions.
 */
import { z } from 'zod';
import { placeSchema } from '../../core/evidence.ts';
import { unknownSchema } from '../../core/finding.ts';
import { groupOf } from './catalogue.ts';
import { MANIFEST } from './names.ts';

export const FORMAT_VERSION = 1;
export const HOSTS = 'hosts.ndjson';
const OBJECTS = 'objects/';

export const manifestSchema = z.object({
  format: z.literal('fairlead-snapshot'),
  version: z.literal(FORMAT_VERSION),
  tool: z.string().describe('version of Fairlead that collected it'),
  collectedAt: z.iso.datetime(),
  source: z.enum(['live', 'files']).describe('live: what is not in it is not in the cluster, but for what `unknown` says'),
  from: z.array(z.string()).describe('address of the API server, or files and directories'),
  files: z.record(z.string(), z.int().nonnegative()).describe('files of the snapshot and how many lines each has'),
  unlisted: z.array(z.object({ apiVersion: z.string(), kind: z.string(), count: z.int().optional().describe('absent when they were not counted') })).describe('kinds that were met and say nothing that is used'),
  unknown: z.array(unknownSchema).describe('what could not be read, and why'),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** One line of a file below objects/. */
export const entrySchema = z.object({
  object: z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: z.looseObject({ name: z.string() }) }),
  place: placeSchema.optional().describe('where it came from'),
  ignores: z.array(z.object({ rule: z.string(), reason: z.string() })).optional().describe('remarks that switch rules off for this object'),
});

/** The file for a kind. */
export function objectFile(apiVersion: string, kind: string): string {
  return `${OBJECTS}${kind}.${groupOf(apiVersion) || 'core'}.ndjson`;
}

/** Whether a name is one of the snapshot's own files. Others are not opened, whatever a manifest says. */
export function isOwnFile(name: string): boolean {
  return name === MANIFEST || name === HOSTS || /^objects\/[A-Za-z0-9][A-Za-z0-9.-]*\.ndjson$/.test(name);
}
