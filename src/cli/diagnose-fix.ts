/** `fairlead diagnose --fix` and `fairlead diagnose undo`: changes of objects, with consent, that can be taken back. */
import type { Cluster } from '../cluster/client.ts';
import { EnvironmentError, ExitCode, UsageError } from '../core/errors.ts';
import { packageVersion } from '../core/package-root.ts';
import type { Diagnosis } from '../diagnose/diagnose.ts';
import { mend, type Mended } from '../diagnose/fix/mend.ts';
import { fixMarkdown, fixReportOf, outcomeText, proposalText } from '../diagnose/fix/report.ts';
import { fixesDir, readFixes, stands, type FixRecord } from '../diagnose/fix/store.ts';
import { prepareUndo, undoFix } from '../diagnose/fix/undo.ts';
import { documentOf } from '../diagnose/report/document.ts';
import { renderMarkdown } from '../diagnose/report/markdown.ts';
import { renderText } from '../diagnose/report/text.ts';
import { withCluster } from './diagnose-live.ts';
import { durationOption, flagOption, textOption } from './options.ts';
import type { Verb, VerbContext, VerbOption } from './verb.ts';
import { accessOptions } from './via.ts';

/** How long a cause may take to go away: DNS pods that are started need a minute. */
const WITHIN = '90s';
const PAUSE_MS = 2_000;

export const fixOptions: readonly VerbOption[] = [
  { flags: '--fix', description: 'change what mends a proved cause, in the live cluster, where that is certain: shows the change as a diff, asks, and looks whether it helped' },
  { flags: '--yes', description: 'with --fix: do not ask' },
  { flags: '--verify-within <duration>', description: 'with --fix: how long it may take until the cause is gone', default: WITHIN },
];

async function dirOf(ctx: VerbContext, cluster: Pick<Cluster, 'get' | 'endpoint'>): Promise<string> {
  const uid = (await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }))?.metadata.uid;
  if (uid === undefined) throw new EnvironmentError(`the cluster at ${cluster.endpoint} has no namespace kube-system: it cannot be told which cluster it is`);
  return fixesDir(uid, ctx.env);
}

/** Asks on the terminal. Errors: UsageError where nobody can be asked. */
async function agreed(ctx: VerbContext, question: string): Promise<boolean> {
  if (flagOption(ctx, 'yes')) return true;
  const answer = await ctx.ask(question);
  if (answer === undefined) throw new UsageError('not confirmed; nothing was changed', { hint: 'say --yes to make the change that was shown without being asked, or run it on a terminal' });
  return /^y(es)?$/i.test(answer.trim());
}

/** Whether all that was proved is mended. */
const isMended = (mended: readonly Mended[]): boolean => mended.length > 0 && mended.every((one) => one.outcome === 'applied' && one.verified === 'gone');

/** Prints the diagnosis, mends what is proved, and says what became of it. `again` diagnoses anew. */
export async function fix(ctx: VerbContext, cluster: Cluster, diagnosis: Diagnosis, again: () => Promise<Diagnosis>): Promise<ExitCode> {
  const [tool, format] = [packageVersion(), textOption(ctx, 'output')];
  const before = documentOf(diagnosis, tool);
  if (format === 'text') ctx.stdout(`${renderText(before, diagnosis)}\n`);
  const { mended, after } = await mend(diagnosis, {
    door: cluster, dir: await dirOf(ctx, cluster), again, now: () => new Date(), signal: ctx.signal,
    withinMs: durationOption(ctx, 'verifyWithin') ?? 0, pauseMs: PAUSE_MS,
    async consent(fault, prepared) {
      // Whoever is asked must see it; of other formats stdout is a document.
      const show = format === 'text' ? ctx.stdout : ctx.stderr;
      show(`${proposalText(fault, prepared)}\n`);
      return await agreed(ctx, 'Make this change? [y/N] ');
    },
    applied: (fault, id) => ctx.stderr(`${fault.id}: changed; \`fairlead diagnose undo ${id}\` takes it back. Looking whether it helped …\n`),
  });
  const afterwards = after === undefined ? undefined : documentOf(after, tool);
  if (format === 'json') ctx.stdout(`${JSON.stringify(fixReportOf(before, mended, afterwards), null, 2)}\n`);
  else if (format === 'markdown') ctx.stdout(`${renderMarkdown(before)}${fixMarkdown(mended)}`);
  else ctx.stdout(`${outcomeText(mended)}${afterwards === undefined || isMended(mended) ? '' : `\nDiagnosed again: ${afterwards.summary}\n`}`);
  if (mended.length === 0 && (before.verdict === 'works' || before.verdict === 'nothing')) return ExitCode.ok;
  return isMended(mended) ? ExitCode.ok : ExitCode.findings;
}

/** The fix to be undone. Errors: UsageError where there is none of that id, or none at all. */
function chosen(all: readonly FixRecord[], id: string | undefined, endpoint: string): FixRecord {
  const standing = all.filter(stands);
  const found = id === undefined ? standing.at(-1) : standing.find((one) => one.id === id);
  if (found !== undefined) return found;
  const list = standing.length === 0 ? 'None stands.' : `There stand ${standing.map((one) => `${one.id} (${one.what})`).join(', ')}.`;
  throw new UsageError(id === undefined ? `there is no fix to undo in the cluster at ${endpoint}` : all.some((one) => one.id === id) ? `${id} is undone already` : `there is no fix ${id} of the cluster at ${endpoint}`, { hint: `${list} Fixes are remembered on the machine where they were made.` });
}

export const undo: Verb = {
  name: 'undo',
  summary: 'take back what diagnose --fix changed',
  description:
    'Puts the objects of a fix back as they were before, the newest fix where none is named. Only where nobody else changed them since: else it says by which command they are put back all the same, and exits 5. Shows the change as a diff and asks first.',
  arguments: [{ name: 'ID', description: 'which fix, such as fix-1', required: false }],
  options: [{ flags: '--yes', description: 'do not ask' }, ...accessOptions.map((option) => (option.flags.startsWith('--via ') ? { ...option, description: 'lab:NAME for the cluster of a lab; hosts are not needed' } : option))],
  examples: [{ command: 'fairlead diagnose undo fix-1', description: 'take one fix back' }],
  run: (ctx) => withCluster(ctx, async ({ cluster }) => {
    const dir = await dirOf(ctx, cluster);
    const { id } = ctx.args;
    const record = chosen(readFixes(dir), typeof id === 'string' ? id : undefined, cluster.endpoint);
    const steps = await prepareUndo(cluster, record);
    const diff = steps.map((one) => one.diff).join('');
    ctx.stdout(`${record.id} of ${record.at}: ${record.what}.\n${diff === '' ? 'All is as it was before; nothing is to be changed.\n' : `\n${diff}\n`}`);
    if (diff !== '' && !(await agreed(ctx, 'Take it back? [y/N] '))) {
      ctx.stdout('Nothing was changed.\n');
      return ExitCode.findings;
    }
    await undoFix(cluster, dir, record);
    ctx.stdout(`${record.id} is undone.\n`);
    return ExitCode.ok;
  }),
};
