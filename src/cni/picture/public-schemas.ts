/** JSON Schemas of snapshots and of what is printed about them, by file name below docs/schemas/ without `.json`. */
import { z } from 'zod';
import { entrySchema, manifestSchema } from '../../cluster/snapshot/format.ts';
import { hostFactsSchema } from '../../cluster/snapshot/host-facts.ts';
import { differenceSchema } from './difference.ts';
import { summarySchema } from './summary.ts';

export const SNAPSHOT_SCHEMAS: Readonly<Record<string, object>> = {
  'snapshot-manifest.v1': z.toJSONSchema(manifestSchema),
  'snapshot-entry.v1': z.toJSONSchema(entrySchema),
  'host-facts.v1': z.toJSONSchema(hostFactsSchema),
  'snapshot-summary.v1': z.toJSONSchema(summarySchema),
  'snapshot-diff.v1': z.toJSONSchema(differenceSchema),
};
