/** JSON Schemas of what `fairlead diagnose` prints, by file name below docs/schemas/ without `.json`. */
import { z } from 'zod';
import { faultsSchema } from './explain/schema.ts';
import { fixReportSchema } from './fix/report.ts';
import { diagnosisSchema } from './report/schema.ts';

export const DIAGNOSE_SCHEMAS: Readonly<Record<string, object>> = { 'diagnosis.v1': z.toJSONSchema(diagnosisSchema), 'fix.v1': z.toJSONSchema(fixReportSchema), 'faults.v1': z.toJSONSchema(faultsSchema) };
