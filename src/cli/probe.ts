/** `fairlead probe`: measures every kind of traffic of a cluster as it is; `probe down` removes agents that were left. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExitCode, UsageError } from '../core/errors.ts';
import { packageVersion } from '../core/package-root.ts';
import { AGENT_IMAGE } from '../probe/mesh/manifests.ts';
import { forgetPositions } from '../probe/mesh/sink.ts';
import { meshIsUp, takeDown, waitUntilGone } from '../probe/mesh/take-down.ts';
import { measure } from '../probe/run/measure.ts';
import type { Policies } from '../probe/run/measure.ts';
import { buildProbeReport, canariesText, renderProbeMarkdown } from '../probe/run/report.ts';
import { tallyText } from '../probe/run/tally-text.ts';
import type { Tally } from '../probe/stats/aggregate.ts';
import { warnOfAgents } from './agents-left.ts';
import { durationOption, textOption } from './options.ts';
import { createProgress, formatDuration, type Progress } from './progress.ts';
import type { Verb, VerbContext } from './verb.ts';
import { accessOptions, withAccess, type Access } from './via.ts';

/** Where there is no terminal to redraw a line on: between two lines that say how it stands. */
const REMARK_MS = 60_000;
const REPORT_FILES = ['report.json', 'report.md'] as const;

/** Shows the tally in the status line, a lasting line whenever more was lost, and now and then one where there is no terminal. */
function follower(progress: Progress, isTerminal: boolean): (tally: Tally) => void {
  let lost = 0;
  let remarked = performance.now();
  return (tally) => {
    const now = Object.values(tally).reduce((sum, one) => sum + one.lost, 0);
    const due = !isTerminal && performance.now() - remarked >= REMARK_MS;
    if (now > lost || due) progress.line(`${new Date().toISOString().slice(11, 19)} ${tallyText(tally)}`);
    if (due) remarked = performance.now();
    lost = now;
    progress.soFar(tallyText(tally));
  };
}

async function run(ctx: VerbContext, forMs: number, access: Access): Promise<ExitCode> {
  const progress = createProgress(ctx);
  const target = textOption(ctx, 'report');
  const unwarn = warnOfAgents(ctx);
  const dir = target ?? mkdtempSync(join(tmpdir(), 'fairlead-probe-'));
  try {
    mkdirSync(dir, { recursive: true });
    // A report of before must not stand beside new samples, whatever happens now.
    for (const name of REPORT_FILES) rmSync(join(dir, name), { force: true });
    forgetPositions(dir);
    const policies = (textOption(ctx, 'policies') ?? 'as-found') as Policies;
    progress.start('bringing up the probe agents');
    const measurement = await measure({
      kube: access.cluster, shell: access.shell, dir, http: access.http,
      image: textOption(ctx, 'agentImage') ?? AGENT_IMAGE,
      ...(access.outside ? { outside: access.outside } : {}),
      forMs, policies, signal: ctx.signal,
      waiting: (what) => progress.waiting(what),
      began: (expected) => {
        progress.done('the probe agents are up');
        progress.line(canariesText({ policies, expected }));
        progress.start(`probing for ${formatDuration(forMs)}`);
      },
      progress: follower(progress, ctx.isTerminal.stderr),
    });
    const report = buildProbeReport({ measurement, cluster: access.cluster.endpoint, tool: packageVersion(), now: new Date() });
    const text = renderProbeMarkdown(report);
    if (target !== undefined) {
      forgetPositions(target);
      writeFileSync(join(target, REPORT_FILES[0]), `${JSON.stringify(report, null, 2)}\n`);
      writeFileSync(join(target, REPORT_FILES[1]), text);
    }
    progress.done(`probed${target === undefined ? '' : `; samples and figures are in ${target}/`}`);
    ctx.stdout(text);
    return report.verdict === 'pass' ? ExitCode.ok : ExitCode.findings;
  } finally {
    progress.stop();
    unwarn();
    if (target === undefined) rmSync(dir, { recursive: true, force: true });
  }
}

/** Milliseconds of `--for`. Errors: UsageError for less than a second. */
function durationOf(ctx: VerbContext): number {
  const forMs = durationOption(ctx, 'for') ?? 0;
  if (forMs < 1_000) throw new UsageError('--for is less than a second; every class is probed at least once a second');
  return forMs;
}

const down: Verb = {
  name: 'down',
  summary: 'remove probe agents that were left in the cluster',
  description: 'Removes the probe agents of a measurement or migration that was ended at once, or that was told to leave them, with everything that belongs to them but the namespace and their key. What they have measured and nobody collected is then lost, and counts as lost when that migration is resumed.',
  options: [...accessOptions],
  run: (ctx) => withAccess(ctx, async (access) => {
    const progress = createProgress(ctx);
    try {
      const where = { kube: access.cluster, ...(access.outside ? { outside: access.outside } : {}) };
      const were = await meshIsUp(where);
      progress.start('removing the probe agents');
      await takeDown(where);
      await waitUntilGone(where);
      progress.done(were ? 'the probe agents are gone' : 'there were no probe agents');
    } finally {
      progress.stop();
    }
  }),
};

export const probe: Verb = {
  name: 'probe',
  summary: 'measure what a cluster loses as it is',
  description: 'Puts probe agents on every node, measures every kind of traffic for a while, prints what was lost, and removes the agents again. Ctrl-C ends it early and prints what there is. Exits 0 when nothing was lost; 1 when something was, or when something that can be measured was not.',
  options: [
    ...accessOptions,
    { flags: '--for <duration>', description: 'how long to measure', default: '1m' },
    { flags: '--policies <state>', description: 'whether NetworkPolicies are enforced in this cluster; canaries that find otherwise count as lost. as-found: whatever they find, on each node, before measuring begins', choices: ['enforced', 'open', 'as-found'], default: 'as-found' },
    { flags: '--report <dir>', description: 'write samples and figures to this directory' },
    { flags: '--agent-image <image>', description: 'image of the probe agent', default: AGENT_IMAGE },
  ],
  examples: [{ command: 'fairlead probe --via lab:lab --for 30m --report untouched', description: 'measure a lab that nobody touches for half an hour' }],
  verbs: [down],
  async run(ctx) {
    const forMs = durationOf(ctx);
    return withAccess(ctx, (access) => run(ctx, forMs, access));
  },
};
