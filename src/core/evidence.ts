/** Evidence: what a verdict rests on, with its source and time, so that a reader can look for himself. */
import { z } from 'zod';

/** A place in a file; lines count from 1. */
export const placeSchema = z.strictObject({
  file: z.string().describe('path as the user gave it, or - for standard input'),
  line: z.int().positive().describe('first line of the object, counted from 1'),
});
export type Place = z.infer<typeof placeSchema>;

export const evidenceSchema = z.strictObject({
  source: z.string().describe('object and field, or node and command, that was looked at'),
  observedAt: z.iso.datetime().optional().describe('when it was read from the cluster or host; absent when that is not known (files)'),
  place: placeSchema.optional().describe('file and line, when the source is a file'),
  excerpt: z.string().describe('what was seen there, word for word or as figures'),
  level: z.enum(['observed', 'derived', 'inferred']).describe('observed: read as it stands; derived: computed from what was read; inferred: concluded, other causes are possible'),
});

/** What was seen, where and when. */
export type Evidence = z.infer<typeof evidenceSchema>;
