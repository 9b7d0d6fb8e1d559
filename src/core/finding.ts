/** Findings: the one output of audit, diagnosis and policy lint, as a type and as the public schema. */
import { z } from 'zod';
import { evidenceSchema } from './evidence.ts';

/** From weakest to strongest. */
export const SEVERITIES = ['info', 'warning', 'error'] as const;
export const severitySchema = z.enum(SEVERITIES);
export type Severity = z.infer<typeof severitySchema>;

export const fixSchema = z.strictObject({
  what: z.string().describe('what to do, in a sentence'),
  command: z.string().optional().describe('a command, or a patch to apply'),
});
export type Fix = z.infer<typeof fixSchema>;

export const findingSchema = z.strictObject({
  rule: z.string().describe('stable id, for instance FL-CIDR-001'),
  severity: severitySchema,
  subjects: z.array(z.string()).min(1).describe('objects it is about: `Kind namespace/name`, `Node name`, or `cluster`'),
  summary: z.string().describe('what is wrong, with the values that were seen'),
  evidence: z.array(evidenceSchema).min(1),
  why: z.string().describe('what breaks, and how it shows: the error text that people see'),
  fix: z.array(fixSchema),
  refs: z.array(z.string()),
});
export type Finding = z.infer<typeof findingSchema>;

export const unknownSchema = z.strictObject({
  what: z.string().describe('what could not be read or judged'),
  why: z.string().describe('the reason: no permission, no such tool, not in the input'),
});
/** Something that is not known, because of something; never shown as fine. */
export type Unknown = z.infer<typeof unknownSchema>;

/** How strong a severity is: 0 for info. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** A name for a finding that stays the same while its figures change: rule and subjects. Used for baselines. */
export function fingerprint(finding: Pick<Finding, 'rule' | 'subjects'>): string {
  return [finding.rule, ...finding.subjects.toSorted()].join('\n');
}
