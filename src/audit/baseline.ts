/** Baseline files: findings that are known and accepted, so that only new ones count. */
import { z } from 'zod';
import { fingerprint, type Finding } from '../core/finding.ts';
import { UsageError } from '../core/errors.ts';

export const baselineSchema = z.strictObject({
  version: z.literal(1),
  accepted: z.array(z.strictObject({ rule: z.string(), subjects: z.array(z.string()).min(1), reason: z.string().min(1).describe('why it is accepted; may not be empty') })),
});
export type Baseline = z.infer<typeof baselineSchema>;

/** Parses a baseline file. Errors: UsageError naming file and field. */
export function parseBaseline(text: string, file: string): Baseline {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${file} is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const parsed = baselineSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`${file} is no baseline: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`, { hint: 'Make one with `fairlead audit … --write-baseline FILE`.' });
}

/** The reason for which a finding is accepted; undefined when it is not. */
export function inBaseline(baseline: Baseline, finding: Finding): string | undefined {
  const print = fingerprint(finding);
  return baseline.accepted.find((one) => fingerprint(one) === print)?.reason;
}

/** A baseline of all findings. */
export function baselineOf(findings: readonly Finding[], reason: string): Baseline {
  return { version: 1, accepted: findings.map(({ rule, subjects }) => ({ rule, subjects, reason })) };
}
