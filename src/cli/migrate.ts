/** `fairlead migrate`: carries a plan out, resumes it, or takes it back. */
import { join } from 'node:path';
import { ExitCode, UsageError } from '../core/errors.ts';
import { packageVersion } from '../core/package-root.ts';
import { renderStatus, migrationStatus } from '../migrate/status.ts';
import { readJournal } from '../migrate/journal.ts';
import { beyondCap } from '../migrate/plan/cap.ts';
import { changedPreconditions } from '../migrate/plan/check.ts';
import { readPlan } from '../migrate/plan/file.ts';
import { renderPlanText } from '../migrate/plan/render.ts';
import { cniOfNodes, draftPlan, handlers } from '../migrate/routes/flannel-to-calico/route.ts';
import { defaultOptions } from '../migrate/routes/flannel-to-calico/plan.ts';
import type { TakeoverOptions } from '../migrate/routes/flannel-to-calico/plan.ts';
import { buildReport, renderReportMarkdown } from '../migrate/report.ts';
import { coverage } from '../migrate/run/coverage.ts';
import { driveMigration, type MigrationOptions } from '../migrate/run/migration.ts';
import { writeReport } from '../migrate/run/report-files.ts';
import { beginMigration, continueMigration, migrationDir } from '../migrate/state-dir.ts';
import type { Plan } from '../migrate/types.ts';
import { PROBE_CLASSES } from '../probe/types.ts';
import { sayIfAgentsAreLeft, warnOfAgents } from './agents-left.ts';
import { engineDescriber } from './describe-engine.ts';
import { durationOption, flagOption, integerOption, listOption, textOption } from './options.ts';
import { renderRefusal } from './plan.ts';
import { createProgress } from './progress.ts';
import { givenRouteOptions, routeOptions } from './route-options.ts';
import type { Verb, VerbContext, VerbOption } from './verb.ts';
import { accessOptions, withAccess, type Access } from './via.ts';

const runOptions: VerbOption[] = [
  ...accessOptions,
  { flags: '--gate-window <duration>', description: 'how long traffic is watched at each gate', default: '15s' },
  { flags: '--max-lost <count>', description: 'losses without announcement that a gate tolerates', default: '0' },
  { flags: '--report <dir>', description: 'write plan, journal, samples and figures to this directory' },
  { flags: '--keep-agents', description: 'leave the probe agents in the cluster afterwards' },
];

/** The options that a plan was made with. */
const optionsOf = (plan: Plan): TakeoverOptions => ({ ...defaultOptions, ...(plan.options as Partial<TakeoverOptions>) });

/** Refuses what a plan announces beyond the default cap unless each of its classes was accepted by name. */
function checkAccepted(plan: Plan, accepted: readonly string[]): void {
  const missing = beyondCap(plan).flatMap(({ step, impact, classes }) => classes.filter((name) => !accepted.includes(name)).map((name) => ({ name, step: step.id, maxMs: impact.maxMs, reason: impact.reason })));
  const [first] = missing;
  if (first === undefined) return;
  const flags = [...new Set(missing.map(({ name }) => `--accept ${name}`))].join(' ');
  throw new UsageError(`the plan announces more than is done without being asked: step ${first.step} may interrupt ${first.name} for up to ${first.maxMs / 1000} s (${first.reason})`, { hint: `if that is acceptable, add ${flags}` });
}

async function confirm(ctx: VerbContext, plan: Plan): Promise<void> {
  if (flagOption(ctx, 'yes')) return;
  ctx.stderr(`${renderPlanText(plan)}\n`);
  const answer = await ctx.ask('Type the word migrate to begin: ');
  if (answer?.trim() !== 'migrate') throw new UsageError('not confirmed; nothing has been changed', { hint: 'give --yes to go ahead without being asked' });
}

interface Prepared {
  access: Access;
  plan: Plan;
  dir: string;
  journal: MigrationOptions['journal'];
  mode: MigrationOptions['mode'];
}

async function drive(ctx: VerbContext, prepared: Prepared): Promise<ExitCode> {
  const { access, plan, dir, journal, mode } = prepared;
  const progress = createProgress(ctx);
  const unwarn = warnOfAgents(ctx);
  try {
    progress.start(mode.kind === 'rollback' ? 'rolling back' : 'migrating');
    const options: MigrationOptions = {
      plan, handlers, journal, dir, mode, cluster: access.cluster, shell: access.shell, http: access.http,
      ...(access.outside ? { outside: access.outside } : {}),
      ...(access.collectMs === undefined ? {} : { collectMs: access.collectMs }),
      agentImage: optionsOf(plan).agentImage,
      windowMs: durationOption(ctx, 'gateWindow') ?? 15_000,
      maxUnannouncedLost: integerOption(ctx, 'maxLost', { min: 0, max: 1_000_000 }) ?? 0,
      tool: packageVersion(), signal: ctx.signal,
      onEvent: engineDescriber(plan, progress),
      waiting: (what) => progress.waiting(what),
    };
    const { outcome, mesh } = await driveMigration(options);
    progress.start('collecting the last samples');
    const probes = await mesh.stop();
    const report = buildReport({ plan, entries: journal.entries, probes, nodes: await cniOfNodes(access.cluster), tool: packageVersion(), now: new Date() });
    const target = textOption(ctx, 'report');
    if (target !== undefined) writeReport({ target, migrationDir: dir, samples: mesh.samplesPath, report });
    if (!flagOption(ctx, 'keepAgents')) await mesh.down();
    progress.done(outcome.text);
    ctx.stdout(renderReportMarkdown(report));
    return outcome.exitCode;
  } finally {
    progress.stop();
    unwarn();
    await sayIfAgentsAreLeft(ctx, access);
    await journal.close();
  }
}

async function run(ctx: VerbContext, access: Access): Promise<ExitCode> {
  const file = textOption(ctx, 'plan');
  const given = file === undefined ? undefined : await readPlan(file);
  // A plan brings its own options: it is compared with what they would lead to today.
  const draft = await draftPlan(access.cluster, access.shell, given === undefined ? givenRouteOptions(ctx) : optionsOf(given), [coverage(access)]);
  if (draft.plan === undefined) {
    ctx.stderr(renderRefusal(draft.preconditions));
    return ExitCode.findings;
  }
  const plan = given ?? draft.plan;
  const changed = changedPreconditions(plan.preconditions, draft.preconditions);
  if (plan.digest !== draft.plan.digest) throw new UsageError(`the cluster is no longer what the plan ${file ?? ''} was made for: ${changed.join('; ') || 'its steps would be others today'}`, { hint: 'make a new plan with `fairlead plan`' });
  checkAccepted(plan, listOption(ctx, 'accept'));
  if (flagOption(ctx, 'dryRun')) {
    ctx.stdout(renderPlanText(plan));
    return ExitCode.ok;
  }
  await confirm(ctx, plan);
  const dir = migrationDir(plan.cluster.id);
  return drive(ctx, { access, plan, dir, journal: await beginMigration(dir, plan), mode: { kind: 'run' } });
}

async function stateDir(access: Access): Promise<string> {
  const system = await access.cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' });
  return migrationDir(system?.metadata.uid ?? '');
}

function goOn(ctx: VerbContext, mode: Prepared['mode']): Promise<ExitCode> {
  return withAccess(ctx, async (access) => {
    const dir = await stateDir(access);
    const { plan, journal } = await continueMigration(dir);
    return drive(ctx, { access, plan, dir, journal, mode });
  });
}

const status: Verb = {
  name: 'status',
  summary: 'how far the migration is',
  description: "Shows from the journal which steps are done, which one is in doubt, and the exact next command.",
  options: [...accessOptions, { flags: '-o, --output <format>', description: 'format', choices: ['text', 'json'], default: 'text' }],
  run: (ctx) =>
    withAccess(ctx, async (access) => {
      const dir = await stateDir(access);
      const plan = await readPlan(join(dir, 'plan.json'));
      const found = migrationStatus(plan, await readJournal(join(dir, 'journal.ndjson')));
      ctx.stdout(textOption(ctx, 'output') === 'json' ? `${JSON.stringify(found, null, 2)}\n` : renderStatus(found));
    }),
};

const resume: Verb = {
  name: 'resume',
  summary: 'go on with an interrupted migration',
  description: 'Goes on where the journal ends: finishes a rollback that was begun, or the step that is in doubt, then the rest.',
  options: runOptions,
  run: (ctx) => goOn(ctx, { kind: 'resume' }),
};

const rollback: Verb = {
  name: 'rollback',
  summary: 'take the migration back',
  description: 'Undoes what was done, of one node or of all, newest first, and judges the traffic afterwards. Not possible past the point of no return.',
  options: [...runOptions, { flags: '--node <node>', description: 'only this node' }, { flags: '--all', description: 'everything' }],
  async run(ctx) {
    const node = textOption(ctx, 'node');
    if ((node === undefined) !== flagOption(ctx, 'all')) throw new UsageError('say what to take back: --node NODE or --all');
    return goOn(ctx, { kind: 'rollback', target: node ?? 'all' });
  },
};

export const migrate: Verb = {
  name: 'migrate',
  summary: 'move a running cluster to another CNI, node by node, gated on measured traffic',
  description: 'Carries a plan out: node by node, with traffic measured throughout. A step that fails, or whose gate fails, is rolled back with its node. Exit codes: 0 migrated, 4 rolled back, 5 a person must act (with the exact next command).',
  options: [
    { flags: '--to <cni>', description: 'CNI to move to', choices: ['calico'], default: 'calico' },
    ...runOptions,
    ...routeOptions,
    { flags: '--plan <file>', description: 'carry out this plan; it must still fit the cluster' },
    { flags: '--accept <class>', description: `accept an announced interruption beyond the default cap, by its probe class (${PROBE_CLASSES.join(', ')})`, repeatable: true },
    { flags: '--yes', description: 'do not ask' },
    { flags: '--dry-run', description: 'check everything and print the plan; change nothing' },
  ],
  examples: [{ command: 'fairlead migrate --via lab:lab --accept api-server --yes', description: 'migrate a lab' }],
  verbs: [status, resume, rollback],
  run: (ctx) => withAccess(ctx, (access) => run(ctx, access)),
};

