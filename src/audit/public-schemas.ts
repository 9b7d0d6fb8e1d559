/** JSON Schemas of what the audit prints and reads, by file name below docs/schemas/ without `.json`. */
import { z } from 'zod';
import { findingsReportSchema } from '../report/document.ts';
import { baselineSchema } from './baseline.ts';

export const AUDIT_SCHEMAS: Readonly<Record<string, object>> = {
  'findings.v1': z.toJSONSchema(findingsReportSchema),
  'baseline.v1': z.toJSONSchema(baselineSchema),
};
