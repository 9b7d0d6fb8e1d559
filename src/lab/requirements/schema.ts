/** The public form of `fairlead doctor --output json`. */
import { z } from 'zod';

import type { Check } from './check.ts';

const checkSchema = z.object({
  id: z.string().describe('stable name, such as kernel.vxlan or program.containerd'),
  group: z.enum(['machine', 'kernel', 'limits', 'programs', 'build']),
  title: z.string(),
  purpose: z.string().describe('what fairlead uses it for'),
  verdict: z.enum(['pass', 'warn', 'fail', 'skip']).describe('warn: the lab runs, but something is short; skip: could not be tried'),
  seen: z.string().describe('what was found, or why it could not be tried'),
  fix: z.string().optional().describe('what to do about a failure or a warning'),
  debianPackage: z.string().optional().describe('Debian package that brings it'),
});

/** Version 1 of the document. */
export const doctorReportSchema = z.object({
  version: z.literal(1),
  ok: z.boolean().describe('false when a check failed'),
  checks: z.array(checkSchema),
});

export type DoctorReport = z.infer<typeof doctorReportSchema>;

/** The document for a set of checks. */
export function doctorReport(checks: readonly Check[]): DoctorReport {
  return { version: 1, ok: !checks.some((check) => check.verdict === 'fail'), checks: [...checks] };
}
