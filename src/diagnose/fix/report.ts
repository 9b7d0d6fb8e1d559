/** What `diagnose --fix` did, as the public document and as text. Pure. */
import { z } from 'zod';
import { wrap } from '../../report/wrap.ts';
import type { Fault } from '../faults/fault.ts';
import { diagnosisSchema, type DiagnosisReport } from '../report/schema.ts';
import type { Mended } from './mend.ts';
import type { Prepared } from './prepare.ts';

export const fixReportSchema = z.strictObject({
  version: z.literal(1), tool: z.string(),
  diagnosis: diagnosisSchema.describe('before anything was changed'),
  fixes: z.array(z.strictObject({
    fault: z.string(), title: z.string(),
    outcome: z.enum(['applied', 'declined', 'cannot']).describe('declined: proposed, and not agreed to; cannot: no change of an object that is certain mends it'),
    what: z.string().optional().describe('what is changed'), why: z.array(z.string()).describe('what makes it certain, and what only a person can know; or why it cannot be done'),
    diff: z.string().optional().describe('unified diff of the objects'), id: z.string().optional().describe('for `diagnose undo`'),
    verified: z.enum(['gone', 'still', 'unknown']).optional().describe('whether the cause is gone after the change'),
  })).describe('one for each proved cause'),
  after: diagnosisSchema.optional().describe('the diagnosis after the changes; absent where nothing was changed'),
});
type FixReport = z.infer<typeof fixReportSchema>;

function entryOf(one: Mended): FixReport['fixes'][number] {
  const { fault: { id: fault, title }, outcome } = one;
  if (one.outcome === 'cannot') return { fault, title, outcome, why: [one.why] };
  const { what, why, diff } = one.prepared;
  return { fault, title, outcome, what, why: [...why], diff, ...(one.outcome === 'applied' ? { id: one.id, verified: one.verified } : {}) };
}

/** The document. Errors: ZodError (a bug) when it does not fit its own schema. */
export function fixReportOf(diagnosis: DiagnosisReport, mended: readonly Mended[], after?: DiagnosisReport): FixReport {
  return fixReportSchema.parse({ version: 1, tool: diagnosis.tool, diagnosis, fixes: mended.map(entryOf), ...(after === undefined ? {} : { after }) });
}

/** A change that is proposed, with its diff. */
export function proposalText({ id, title }: Pick<Fault, 'id' | 'title'>, { what, why, diff }: Prepared): string {
  return `${[wrap(`fix for ${id} (${title}): ${what}.`, 2), ...why.map((one) => `  because  ${wrap(one, 11)}`), '', diff.trimEnd()].join('\n')}\n`;
}

const VERIFIED = { gone: 'the cause is gone', still: 'the cause is still there', unknown: 'whether the cause is gone was not seen' } as const;

/** What became of each, in a line or two. */
export function outcomeText(mended: readonly Mended[]): string {
  if (mended.length === 0) return 'There is nothing to fix: no cause is proved.\n';
  return mended.map((one) => {
    const { id, title } = one.fault;
    if (one.outcome === 'cannot') return `${wrap(`not fixed: ${id} (${title}): ${one.why}.`, 2)}\n`;
    if (one.outcome === 'declined') return `not fixed: ${id}: nothing was changed.\n`;
    return `${wrap(`fixed: ${id}: ${one.prepared.what}; ${VERIFIED[one.verified]}.`, 2)}\n  undo     fairlead diagnose undo ${one.id}\n`;
  }).join('');
}

/** As Markdown, to be put below that of the diagnosis. */
export function fixMarkdown(mended: readonly Mended[]): string {
  const diffs = mended.flatMap((one) => (one.outcome === 'cannot' ? [] : [`\`\`\`diff\n${one.prepared.diff.trimEnd()}\n\`\`\`\n`]));
  return `\n## Fixes\n\n${[...diffs, `\`\`\`\n${outcomeText(mended).trimEnd()}\n\`\`\`\n`].join('\n')}`;
}
