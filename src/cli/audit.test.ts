/** `fairlead audit` from its front door, on the example of the founding cluster and on files made here. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../core/package-root.ts';
import type { FindingsReport } from '../report/document.ts';
import { runMain } from './testing/run-main.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-audit-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const example = join(packageRoot(), 'examples/founding-cluster');

/** Loading a verb takes seconds on a busy machine. */
const PATIENCE = 60_000;

function schemaErrors(name: string, document: unknown): unknown {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false }).compile(JSON.parse(readFileSync(join(packageRoot(), `docs/schemas/${name}.json`), 'utf8')) as object);
  validate(document);
  return validate.errors;
}

async function findings(...argv: string[]): Promise<FindingsReport> {
  return JSON.parse((await runMain('audit', '-o', 'json', ...argv)).stdout) as FindingsReport;
}

describe('the founding cluster', () => {
  it('is reviewed: every fault that was put into it is found, and no other', async () => {
    const report = await findings(example);
    expect(schemaErrors('findings.v1', report)).toBeNull();
    expect([...new Set(report.findings.map(({ rule }) => rule))].toSorted()).toEqual([
      'FL-CIDR-001', 'FL-CIDR-006', 'FL-CNI-007', 'FL-CNI-008', 'FL-CNI-010', 'FL-CNI-016', 'FL-DNS-001', 'FL-HOST-003', 'FL-HOST-013', 'FL-LB-001', 'FL-LB-002', 'FL-LB-006', 'FL-LB-010',
      'FL-ML-001', 'FL-ML-003', 'FL-ML-004', 'FL-ML-005', 'FL-ML-006', 'FL-MTU-001', 'FL-MTU-003', 'FL-POL-003', 'FL-POL-005', 'FL-POL-006', 'FL-RISK-001', 'FL-RISK-003', 'FL-RISK-004', 'FL-RISK-006', 'FL-RISK-008',
    ]);
    expect(report.ignored.map(({ finding, reason }) => [finding.rule, reason])).toEqual([['FL-POL-002', 'the trainers come and go with each workflow']]);
    expect(report.unknown).toContainEqual({ what: 'network namespaces of pods of node cpu-1', why: 'node cpu-1: the program lsns cannot be run: No such file or directory' });
    // The case by name: a guide's 10.244.0.0/16 on K3s.
    const pool = report.findings.find(({ rule }) => rule === 'FL-CIDR-001');
    expect(pool?.summary).toBe('pods get addresses of 10.244.0.0/16, but the cluster CIDR is 10.42.0.0/16');
    expect(pool?.evidence[0]).toMatchObject({ place: { file: join(example, 'network.yaml'), line: 21 }, excerpt: '10.244.0.0/16' });
  }, PATIENCE);

  it.each(['text', 'markdown', 'html', 'junit', 'sarif'])('is printed as %s with every rule that found something', async (format) => {
    const { code, stdout } = await runMain('audit', example, '-o', format);
    expect(code).toBe(1);
    for (const rule of ['FL-CIDR-001', 'FL-ML-001', 'FL-POL-003']) expect(stdout).toContain(rule);
  }, PATIENCE);
});

describe('exit codes and choices', () => {
  it('--fail-on', async () => {
    expect((await runMain('audit', example, '--only', 'FL-RISK-006', '--fail-on', 'info')).code).toBe(1);
    expect((await runMain('audit', example, '--only', 'FL-RISK-006')).code).toBe(0);
    expect((await runMain('audit', example, '--fail-on', 'none')).code).toBe(0);
  }, PATIENCE);

  it('--only and --skip take rules and families', async () => {
    const report = await findings(example, '--only', 'CIDR,fl-ml-001', '--skip', 'FL-CIDR-006');
    expect([...new Set(report.findings.map(({ rule }) => rule))]).toEqual(['FL-CIDR-001', 'FL-ML-001']);
  }, PATIENCE);

  it('nothing but unknown is 1, too', async () => {
    writeFileSync(join(dir, 'ns.yaml'), 'apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n');
    const { code, stdout } = await runMain('audit', join(dir, 'ns.yaml'), '--only', 'FL-IPAM-002,FL-DNS-001');
    expect([code, stdout]).toEqual([1, expect.stringContaining('2 could not be judged')]);
  }, PATIENCE);

  it('a baseline silences what was there, and not what is new', async () => {
    const baseline = join(dir, 'baseline.json');
    await runMain('audit', example, '--write-baseline', baseline);
    expect(schemaErrors('baseline.v1', JSON.parse(readFileSync(baseline, 'utf8')))).toBeNull();
    expect((await runMain('audit', example, '--baseline', baseline)).code).toBe(0);
    const kept = JSON.parse(readFileSync(baseline, 'utf8')) as { version: 1; accepted: { rule: string }[] };
    writeFileSync(baseline, JSON.stringify({ ...kept, accepted: kept.accepted.filter(({ rule }) => rule !== 'FL-CIDR-001') }));
    expect((await findings(example, '--baseline', baseline)).findings.map(({ rule }) => rule)).toEqual(['FL-CIDR-001']);
  }, PATIENCE);

  it.each([
    [['audit', example, '--only', 'FL-NO-001'], /there is no rule and no family "FL-NO-001"/],
    [['audit', example, '--only', 'CIDR', '--skip', 'CIDR'], /no rule is left to run/],
    [['audit', example, '--baseline', join(example, 'nodes.yaml')], /nodes\.yaml is not valid JSON/],
    [['audit', example, '--baseline', join(dir, 'nowhere')], /cannot read the baseline/],
    [['audit', 'explain', 'FL-CIDR-999'], /there is no rule FL-CIDR-999\nhint: Of that family there are FL-CIDR-001/],
    [['audit', join(dir, 'nowhere.yaml')], /cannot read .*nowhere\.yaml/],
  ])('%j is wrong usage', async (argv, message) => {
    const ran = await runMain(...argv);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(message);
  }, PATIENCE);

  it('explain and rules', async () => {
    expect((await runMain('audit', 'explain', 'fl-pol-003')).stdout).toMatch(/^# FL-POL-003: Pods may send, but not ask for names\n/);
    expect((await runMain('audit', 'rules')).stdout.split('\n').length).toBeGreaterThan(90);
  }, PATIENCE);
});
