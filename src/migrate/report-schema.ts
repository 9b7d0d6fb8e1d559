/** The shape of report.json: what a migration did, step by step, and what it cost. Public; see docs/schemas/. */
import { z } from 'zod';
import { classesSchema, probeClassSchema, totalsSchema } from '../probe/stats/schema.ts';
import { stepGroupSchema } from './schema.ts';

const epochMs = z.number().nonnegative();

const stepRowSchema = z.strictObject({
  id: z.string(),
  node: z.string().nullable(),
  group: stepGroupSchema,
  /** Epoch ms; null when it never began. A step that was tried again has a row for each try. */
  startedAt: epochMs.nullable(),
  endedAt: epochMs.nullable(),
  outcome: z.enum(['pending', 'in-doubt', 'done', 'failed', 'rolled-back']),
});

export const reportSchema = z.strictObject({
  version: z.literal(1),
  tool: z.string(),
  /** ISO 8601. */
  generatedAt: z.iso.datetime(),
  /** Digest of the plan. */
  plan: z.string(),
  cluster: z.string(),
  from: z.string(),
  to: z.string(),
  outcome: z.enum(['migrated', 'rolled-back', 'unfinished']),
  /** On loss alone: `pass` when nothing unannounced was lost, `unknown` when nothing was measured. */
  verdict: z.enum(['pass', 'fail', 'unknown']),
  /** Sentences on what the plan announced beyond the default cap. */
  beyondCap: z.array(z.string()),
  totals: totalsSchema,
  /** Upper 95 % confidence bound of the unannounced loss rate, as a fraction, were losses independent; null when nothing was sent. */
  upperBound95: z.number().min(0).max(1).nullable(),
  /** Classes that nothing was measured of: of their traffic nothing is known. */
  unmeasured: z.array(probeClassSchema),
  /** Only classes that were measured. */
  classes: classesSchema,
  steps: z.array(stepRowSchema),
  nodes: z.array(z.strictObject({ name: z.string(), cni: z.string() })),
  failures: z.array(z.strictObject({ step: z.string(), phase: z.string(), error: z.string(), evidence: z.array(z.string()), at: epochMs })),
  announcements: z.array(
    z.strictObject({
      id: z.string(), step: z.string(), classes: z.array(probeClassSchema), scope: z.enum(['from', 'to', 'either', 'any']), node: z.exactOptional(z.string()),
      maxMs: z.number(), reason: z.string(), openedAt: epochMs, closedAt: epochMs.nullable(),
    }),
  ),
});

export type Report = z.infer<typeof reportSchema>;
export type StepRow = z.infer<typeof stepRowSchema>;
