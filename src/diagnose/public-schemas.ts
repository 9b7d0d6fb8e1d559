/** JSON Schemas of what `fairlead diagnose` prints, by file name below docs/schemas/ without `.json`. */
import { z } from 'zod';
import { diagnosisSchema } from './report/schema.ts';

export const DIAGNOSE_SCHEMAS: Readonly<Record<string, object>> = { 'diagnosis.v1': z.toJSONSchema(diagnosisSchema) };
