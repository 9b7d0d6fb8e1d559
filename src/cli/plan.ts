/** `fairlead plan`: every step of a migration, what it interrupts and how it is undone, before anything happens. */
import { writeFileSync } from 'node:fs';
import { ExitCode } from '../core/errors.ts';
import { planText } from '../migrate/plan/file.ts';
import { renderPlanMarkdown, renderPlanText } from '../migrate/plan/render.ts';
import { draftPlan } from '../migrate/routes/flannel-to-calico/route.ts';
import type { Precondition } from '../migrate/types.ts';
import { coverage } from '../migrate/run/coverage.ts';
import { textOption } from './options.ts';
import { givenRouteOptions, routeOptions } from './route-options.ts';
import type { Verb } from './verb.ts';
import { accessOptions, withAccess } from './via.ts';

/** What does not hold, and what is not known, as people read it. */
export function renderRefusal(checks: readonly Precondition[]): string {
  const failed = checks.filter((check) => check.verdict === 'fail' || check.verdict === 'unknown');
  const lines = failed.map((check) => `  ${check.verdict === 'fail' ? 'no' : '??'}  ${check.title}: expected ${check.expected}; seen: ${check.observed}${check.fix === undefined ? '' : `\n      to do: ${check.fix}`}\n`);
  const count = failed.filter((check) => check.verdict === 'fail').length;
  return `This cluster cannot be migrated as it is: ${count} of ${checks.length} preconditions do not hold.\n${lines.join('')}`;
}

export const plan: Verb = {
  name: 'plan',
  summary: 'show every step of a migration before anything happens',
  description: 'Reads the cluster and its hosts, checks what must hold, and draws up the migration: every step, what it interrupts, for whom and how long at most, and how it is undone. Changes nothing. Exits 1 with the reasons when the cluster cannot be migrated.',
  options: [
    { flags: '--to <cni>', description: 'CNI to move to', choices: ['calico'], required: true },
    ...accessOptions,
    { flags: '-o, --output <format>', description: 'format', choices: ['text', 'json', 'markdown'], default: 'text' },
    ...routeOptions,
    { flags: '--save <file>', description: 'write the plan (JSON) to a file, for `fairlead migrate --plan`' },
  ],
  examples: [
    { command: 'fairlead plan --to calico --via pod --save plan.json', description: 'plan the migration of the cluster that the kubeconfig names' },
    { command: 'fairlead plan --to calico --via lab:lab', description: 'plan the migration of a lab' },
  ],
  run: (ctx) =>
    withAccess(ctx, async (access) => {
      const draft = await draftPlan(access.cluster, access.shell, givenRouteOptions(ctx), [coverage(access)]);
      if (draft.plan === undefined) {
        ctx.stdout(textOption(ctx, 'output') === 'json' ? `${JSON.stringify({ preconditions: draft.preconditions }, null, 2)}\n` : renderRefusal(draft.preconditions));
        return ExitCode.findings;
      }
      const file = textOption(ctx, 'save');
      if (file !== undefined) writeFileSync(file, planText(draft.plan));
      const format = textOption(ctx, 'output');
      ctx.stdout(format === 'json' ? planText(draft.plan) : format === 'markdown' ? renderPlanMarkdown(draft.plan) : renderPlanText(draft.plan));
      return ExitCode.ok;
    }),
};
