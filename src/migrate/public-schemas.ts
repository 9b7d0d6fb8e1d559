/** JSON Schemas of what a migration leaves behind, by file name below docs/schemas/ without `.json`. */
import { z } from 'zod';
import { reportSchema } from './report-schema.ts';
import { journalEntrySchema, planSchema } from './schema.ts';

export const MIGRATION_SCHEMAS: Readonly<Record<string, object>> = {
  'plan.v1': z.toJSONSchema(planSchema),
  'journal-entry.v1': z.toJSONSchema(journalEntrySchema),
  'report.v1': z.toJSONSchema(reportSchema),
};
