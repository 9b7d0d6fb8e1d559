/** zod schemas of the figures that reports carry. */
import { z } from 'zod';
import { PROBE_CLASSES } from '../types.ts';
import type { ProbeClass } from '../types.ts';
import type { Figures } from './aggregate.ts';

const count = z.int().nonnegative();
const milliseconds = z.number().nonnegative();

export const totalsSchema = z.strictObject({
  sent: count,
  /** Announced and unannounced together. */
  lost: count,
  announcedLost: count,
  unannouncedLost: count,
});

/** As the probes count; the meaning of each is told in aggregate.ts. */
const figuresSchema: z.ZodType<Figures> = z.strictObject({
  ...totalsSchema.shape,
  late: count,
  lateByStall: count,
  lagged: count,
  broken: count,
  longestGapMs: milliseconds,
  smallestVisibleGapMs: milliseconds.nullable(),
  p50Ms: milliseconds.nullable(),
  p99Ms: milliseconds.nullable(),
  upperBound95: z.number().min(0).max(1),
});

export const probeClassSchema: z.ZodType<ProbeClass> = z.enum(PROBE_CLASSES as [ProbeClass, ...ProbeClass[]]);

/** Only classes that were measured. */
export const classesSchema = z.partialRecord(z.enum(PROBE_CLASSES as [ProbeClass, ...ProbeClass[]]), figuresSchema);
