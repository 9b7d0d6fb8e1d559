/** JSON Schemas of what `fairlead capture` prints and `capture record` writes, by file name below docs/schemas/ without `.json`. */
import { z } from 'zod';
import { recordingSchema } from './record/manifest.ts';
import { captureSchema } from './report/schema.ts';

export const CAPTURE_SCHEMAS: Readonly<Record<string, object>> = { 'capture.v1': z.toJSONSchema(captureSchema), 'recording.v1': z.toJSONSchema(recordingSchema) };
