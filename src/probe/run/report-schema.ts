/** The shape of a measurement's report.json. Public; see docs/schemas/. */
import { z } from 'zod';
import { classesSchema, probeClassSchema, totalsSchema } from '../stats/schema.ts';

const epochMs = z.number().nonnegative();
const milliseconds = z.number().nonnegative();

export const probeReportSchema = z.strictObject({
  version: z.literal(1),
  tool: z.string(),
  /** ISO 8601. */
  generatedAt: z.iso.datetime(),
  cluster: z.string(),
  startedAt: epochMs,
  endedAt: epochMs,
  /** How long it was to last. */
  requestedMs: milliseconds,
  /** It was ended before that. */
  interrupted: z.boolean(),
  /** `pass` when nothing was lost; `unknown` when something that can be measured here was not, or could not be judged. */
  verdict: z.enum(['pass', 'fail', 'unknown']),
  /** Sentences: every failure and everything unknown. */
  reasons: z.array(z.string()),
  totals: totalsSchema,
  /** Upper 95 % confidence bound of the loss rate, as a fraction, were losses independent; null when nothing was sent. */
  upperBound95: z.number().min(0).max(1).nullable(),
  classes: classesSchema,
  /** Classes that cannot be measured here. */
  notMeasured: z.array(z.strictObject({ class: probeClassSchema, why: z.string() })),
  canaries: z.strictObject({
    /** Where what they are held against comes from: the user, or what they found before measuring began. */
    policies: z.enum(['enforced', 'open', 'as-found']),
    /** By node; `either` was not judged. */
    expected: z.record(z.string(), z.enum(['open', 'denied', 'either'])),
  }),
  /** Long-lived connections that broke. */
  breaks: z.array(z.strictObject({ t: epochMs, from: z.string(), to: z.string(), why: z.string() })),
  agents: z.array(
    z.strictObject({
      name: z.string(),
      /** Mean share of one core, 0 to 1. */
      cpu: z.number().nonnegative(),
      maxRssBytes: z.int().nonnegative(),
      /** Longest stall of its event loop. */
      maxLagMs: milliseconds,
      /** Probes that stalls kept from being sent; they are in no figure. */
      skipped: z.int().nonnegative(),
    }),
  ),
});

export type ProbeReport = z.infer<typeof probeReportSchema>;
