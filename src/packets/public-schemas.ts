/** JSON Schemas of what `fairlead capture` prints, by file name below docs/schemas/ without `.json`. */
import { z } from 'zod';
import { captureSchema } from './report/schema.ts';

export const CAPTURE_SCHEMAS: Readonly<Record<string, object>> = { 'capture.v1': z.toJSONSchema(captureSchema) };
