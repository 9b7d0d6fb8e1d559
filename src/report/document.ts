/** What a set of findings is printed from, and its public JSON form. */
import { z } from 'zod';
import { findingSchema, unknownSchema } from '../core/finding.ts';

const ignoredSchema = z.strictObject({
  finding: findingSchema,
  reason: z.string().describe('why it does not count'),
  by: z.enum(['remark', 'baseline']).describe('a remark at the object, or the baseline file'),
});

export const findingsReportSchema = z.strictObject({
  version: z.literal(1),
  tool: z.string(),
  subject: z.string().describe('what was looked at'),
  findings: z.array(findingSchema).describe('the most severe first'),
  ignored: z.array(ignoredSchema),
  unknown: z.array(unknownSchema).describe('what could not be judged, and why'),
  checked: z.array(z.strictObject({ rule: z.string(), title: z.string(), verdict: z.enum(['pass', 'fail', 'skip', 'unknown']), why: z.string().optional() })).describe('every rule that ran; skip: it is not about clusters like this one'),
});

/** Findings with everything that belongs to them. */
export type FindingsReport = z.infer<typeof findingsReportSchema>;

/** Formats that findings can be printed in. */
export const FORMATS = ['text', 'json', 'markdown', 'html', 'junit', 'sarif'] as const;
export type Format = (typeof FORMATS)[number];

/** `2 errors, 1 warning`, of what is there; `no findings` when nothing is. */
export function countText({ findings }: FindingsReport): string {
  const parts = (['error', 'warning', 'info'] as const).flatMap((severity) => {
    const count = findings.filter((one) => one.severity === severity).length;
    if (count === 0) return [];
    return [severity === 'info' ? `${count} for information` : `${count} ${severity}${count === 1 ? '' : 's'}`];
  });
  return parts.length === 0 ? 'no findings' : parts.join(', ');
}

/** `3 rules passed, 2 did not apply, 1 could not be judged`. */
export function checkedText({ checked }: FindingsReport): string {
  const count = (verdict: string): number => checked.filter((one) => one.verdict === verdict).length;
  return `${checked.length} rules: ${count('fail')} found something, ${count('pass')} found nothing, ${count('skip')} are about other clusters, ${count('unknown')} could not be judged`;
}
