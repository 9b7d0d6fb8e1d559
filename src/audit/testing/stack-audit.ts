/** What the audit says of the ten stacks of `stacks/`, as manifests and as a cluster that runs them, and what is to be thought of it. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSnapshot } from '../../cluster/snapshot/load.ts';
import { CATALOGUE } from '../../cni/catalogue.ts';
import type { Finding } from '../../core/finding.ts';
import { packageRoot } from '../../core/package-root.ts';
import { RULES } from '../rules.ts';
import { audit } from '../run.ts';
import type { Example } from '../rule.ts';
import { healthy } from './healthy.ts';
import { readManifests, running } from './running.ts';
import { EXPLANATIONS, type Explanation } from './stack-explanations.ts';

const STACKS = 'src/audit/testing/stacks';

/** How a stack is handed to the audit. */
export type Way = 'manifests' | 'running';

export interface StackAudit {
  stack: string;
  way: Way;
  /** How many rules passed or found something: the others had nothing to judge. */
  judged: number;
  findings: readonly { finding: Finding; explanation: Explanation | undefined }[];
}

/** The healthy cluster with the stack on it. */
function onCluster(file: string): Example {
  const { objects, pods } = running(readManifests(file));
  const base = healthy('k3s-calico').map((one) => {
    const more = one['kind'] === 'HostFacts' ? pods.get((one['metadata'] as { name: string }).name) : undefined;
    return more === undefined ? one : { ...one, pods: [...(one['pods'] as object[]), ...more] };
  });
  return [...base, ...objects];
}

/** Names of the stacks. */
export function stackNames(): string[] {
  return readdirSync(join(packageRoot(), STACKS)).map((name) => name.replace(/\.yaml$/, '')).toSorted();
}

/** Audits one stack one way. */
export async function auditStack(stack: string, way: Way): Promise<StackAudit> {
  const file = join(packageRoot(), STACKS, `${stack}.yaml`);
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-stack-'));
  try {
    const input = way === 'manifests' ? file : join(dir, 'cluster.json');
    if (way === 'running') writeFileSync(input, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: onCluster(file) }));
    const snapshot = await loadSnapshot([input], { catalogue: CATALOGUE, tool: 'test', now: new Date(0) });
    const report = audit(snapshot, { rules: RULES, tool: 'test', subject: stack });
    const findings = report.findings.filter(({ severity }) => severity !== 'info');
    return {
      stack, way, judged: report.checked.filter(({ verdict }) => verdict === 'pass' || verdict === 'fail').length,
      findings: findings.map((finding) => ({ finding, explanation: EXPLANATIONS.find((one) => one.stack === stack && one.ways.includes(way) && one.rule === finding.rule && finding.subjects.includes(one.subject)) })),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** All of them. */
export async function auditStacks(): Promise<StackAudit[]> {
  const audits: StackAudit[] = [];
  for (const stack of stackNames()) for (const way of ['manifests', 'running'] as const) audits.push(await auditStack(stack, way));
  return audits;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** The page with the figures and every finding. */
export function stackPage(audits: readonly StackAudit[]): string {
  const all = audits.flatMap(({ findings }) => findings);
  const wrong = all.filter(({ explanation }) => explanation?.true !== true).length;
  const rows = audits.map(({ stack, way, judged, findings }) => `| [${stack}](../${STACKS}/${stack}.yaml) | ${way} | ${judged} | ${findings.length} | ${findings.filter(({ explanation }) => explanation?.true !== true).length} |`);
  const told = audits.flatMap(({ stack, way, findings }) => findings.map(({ finding, explanation }) => `| ${stack} | ${way} | [${finding.rule}](../docs/rules/${finding.rule}.md) | ${finding.severity} | ${cell(finding.summary)} | ${explanation === undefined ? '**not explained**' : `${explanation.true ? 'true' : 'false'}: ${cell(explanation.why)}`} |`));
  return `# The audit on ten application stacks

Made from the code by \`npm run generate\`; do not edit. \`src/audit/audit-stacks.test.ts\` holds it against what the audit says.

The stacks are written for the purpose, after charts and manifests that people use, and are healthy: what the audit says of them above \`info\` is either true (a trap that the shape has, and that its users should know) or a false positive. Each is audited as manifests alone, as in a pipeline, and as a K3s cluster with Calico that runs it.

${all.length} findings above info: ${all.length - wrong} true, ${wrong} false.

| stack | audited as | rules that judged | findings above info | false positives |
|---|---|---:|---:|---:|
${rows.join('\n')}

## Every finding

| stack | audited as | rule | severity | what it says | true or false |
|---|---|---|---|---|---|
${told.join('\n')}
`;
}
