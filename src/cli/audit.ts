/** `fairlead audit`: what is wrong with a cluster's network, with evidence, consequence and remedy. */
import { readFileSync, writeFileSync } from 'node:fs';
import { baselineOf, parseBaseline, type Baseline } from '../audit/baseline.ts';
import { rulePage } from '../audit/page.ts';
import { RULES } from '../audit/rules.ts';
import { audit as runAudit } from '../audit/run.ts';
import { findRule, selectRules } from '../audit/select.ts';
import { ExitCode, UsageError } from '../core/errors.ts';
import { SEVERITIES, severityRank, type Severity } from '../core/finding.ts';
import { packageVersion } from '../core/package-root.ts';
import { FORMATS, type Format } from '../report/document.ts';
import { renderReport } from '../report/render.ts';
import { listArgument, listOption, textArgument, textOption } from './options.ts';
import { liveOptions, takeSnapshot } from './take-snapshot.ts';
import type { Verb } from './verb.ts';

function readBaseline(file: string): Baseline {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`cannot read the baseline ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  return parseBaseline(text, file);
}

const explain: Verb = {
  name: 'explain',
  summary: 'what a rule looks at, what breaks, and an example',
  description: 'Prints the page of a rule: what it looks at, what breaks and how it shows, what to do, an input that it finds and the same put right.',
  arguments: [{ name: 'RULE', description: 'its id, such as FL-CIDR-001' }],
  run: (ctx) => Promise.resolve(ctx.stdout(rulePage(findRule(RULES, textArgument(ctx, 'rule')), { generated: false }))),
};

const rules: Verb = {
  name: 'rules',
  summary: 'list the rules',
  description: 'Lists every rule with its severity and what it finds.',
  run: (ctx) => Promise.resolve(ctx.stdout(RULES.map(({ id, severity, title }) => `${id.padEnd(13)} ${severity.padEnd(8)} ${title}\n`).join(''))),
};

export const audit: Verb = {
  name: 'audit',
  summary: "what is wrong with a cluster's network, with evidence and remedy",
  description:
    'Looks at a snapshot, at files, or at a live cluster for everything that is known to break pod networking: address ranges, tunnels, hosts, CNIs, policies, Services, load balancers, DNS, and what would stop a change. Every finding cites what was seen. What could not be judged is told with the reason, and is never shown as fine. ' +
    'Exits 1 when a finding is as severe as --fail-on, or when nothing at all could be judged.',
  arguments: [{ name: 'INPUT', description: 'snapshots, files, directories, - for standard input; none for the live cluster', required: false, variadic: true }],
  options: [
    { flags: '-o, --output <format>', description: 'format', choices: FORMATS, default: 'text' },
    { flags: '--fail-on <severity>', description: 'weakest severity that makes the exit code 1; none: findings never do', choices: [...SEVERITIES, 'none'], default: 'warning' },
    { flags: '--only <rules>', description: 'run only these rules or families (FL-CIDR-001, CIDR)', repeatable: true },
    { flags: '--skip <rules>', description: 'leave these rules or families out', repeatable: true },
    { flags: '--baseline <file>', description: 'findings that are accepted, from --write-baseline' },
    { flags: '--write-baseline <file>', description: 'write all findings to a baseline; its reasons are there to be edited' },
    ...liveOptions,
  ],
  examples: [
    { command: 'fairlead audit examples/founding-cluster', description: 'review a cluster from files, without a cluster' },
    { command: 'fairlead audit --via pod', description: 'review the cluster of the kubeconfig and its hosts' },
    { command: 'kubectl get nodes,pods,svc,endpointslices,netpol,cm,ds,deploy -A -o yaml | fairlead audit -', description: 'review what kubectl prints' },
    { command: 'fairlead audit manifests/ -o sarif > audit.sarif', description: 'findings at the lines of the manifests' },
  ],
  verbs: [explain, rules],
  async run(ctx) {
    const chosen = selectRules(RULES, listOption(ctx, 'only'), listOption(ctx, 'skip'));
    const baseline = textOption(ctx, 'baseline');
    const accepted = baseline === undefined ? {} : { baseline: readBaseline(baseline) };
    const inputs = listArgument(ctx, 'input');
    const snapshot = await takeSnapshot(ctx, inputs);
    const report = runAudit(snapshot, { rules: chosen, tool: packageVersion(), subject: inputs.length === 0 ? (snapshot.from[0] ?? 'cluster') : inputs.join(', '), ...accepted });
    const target = textOption(ctx, 'writeBaseline');
    if (target !== undefined) writeFileSync(target, `${JSON.stringify(baselineOf(report.findings, 'accepted when the baseline was written'), null, 2)}\n`);
    ctx.stdout(renderReport(report, textOption(ctx, 'output') as Format, { colour: ctx.colour.stdout }));
    const failOn = textOption(ctx, 'failOn') ?? 'warning';
    const judged = report.checked.some(({ verdict }) => verdict === 'pass' || verdict === 'fail');
    const failed = failOn !== 'none' && report.findings.some(({ severity }) => severityRank(severity) >= severityRank(failOn as Severity));
    return failed || !judged ? ExitCode.findings : ExitCode.ok;
  },
};
