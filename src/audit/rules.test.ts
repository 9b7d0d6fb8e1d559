/** Every rule finds its bad example, says everything that a finding must say, and is silent on its good one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadSnapshot } from '../cluster/snapshot/load.ts';
import { writeSnapshot } from '../cluster/snapshot/write.ts';
import type { Snapshot } from '../cluster/snapshot/model.ts';
import { CATALOGUE } from '../cni/catalogue.ts';
import { findingSchema } from '../core/finding.ts';
import { FAULTS } from './fault-ids.ts';
import type { Example } from './rule.ts';
import { RULES } from './rules.ts';
import { audit } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-rules-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let written = 0;
/** The example as a user would hand it over: through a file, the redaction and all. */
async function load(example: Example): Promise<Snapshot> {
  const file = join(dir, `${++written}.json`);
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: example }, null, 1));
  return await loadSnapshot([file], { catalogue: CATALOGUE, tool: 'test', now: new Date(0) });
}

const options = { tool: '1.0.0', subject: 'example' };

describe.each(RULES.map((rule) => [rule.id, rule] as const))('%s', (_id, rule) => {
  it('finds its bad example', async () => {
    const bad = typeof rule.bad === 'function' ? rule.bad() : rule.bad;
    const { findings, checked } = audit(await load(bad), { ...options, rules: [rule] });
    expect(checked).toMatchObject([{ verdict: 'fail' }]);
    expect(findings.some((one) => one.severity === rule.severity) || rule.severity !== 'info').toBe(true);
    for (const finding of findings) {
      expect(findingSchema.parse(finding)).toEqual(finding);
      expect(finding.fix.length).toBeGreaterThan(0);
      expect(finding.summary).not.toMatch(/undefined|\[object|NaN/);
      for (const seen of finding.evidence) expect(seen.excerpt).not.toMatch(/^undefined$|\[object|NaN/);
    }
  });

  it('is silent on its good example, and has judged it or says why not', async () => {
    const { findings, checked } = audit(await load(rule.good), { ...options, rules: [rule] });
    expect(findings).toEqual([]);
    expect(['pass', 'skip']).toContain(checked[0]?.verdict);
  });

  it('does not judge what it cannot see', async () => {
    const { findings } = audit(await load([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'only' } }]), { ...options, rules: [rule] });
    expect(findings).toEqual([]);
  });

  it('finds the same in the snapshot of its example', async () => {
    const bad = typeof rule.bad === 'function' ? rule.bad() : rule.bad;
    if (bad.length > 1_000) return;
    const direct = await load(bad);
    const target = join(dir, `${rule.id}-${++written}`);
    await writeSnapshot(direct, target);
    const stored = await loadSnapshot([target], { catalogue: CATALOGUE, tool: 'test', now: new Date(0) });
    expect(stored.entries).toEqual(direct.entries);
    expect(audit(stored, { ...options, rules: [rule] }).findings).toEqual(audit(direct, { ...options, rules: [rule] }).findings);
  });

  it('cites faults that exist', () => {
    expect(rule.faults.filter((fault) => !FAULTS.some(({ id }) => id === fault))).toEqual([]);
    expect(`${rule.title}${rule.looksAt}${rule.why}`.length).toBeGreaterThan(100);
  });
});

describe('the catalogue of faults', () => {
  it.each(FAULTS.map((fault) => [fault.id, fault] as const))('%s is found by a rule, or it is said why not', (_id, fault) => {
    const rules = RULES.filter(({ faults }) => faults.includes(fault.id));
    expect(rules.length > 0).toBe(fault.hidden === undefined);
  });
});

describe('the list', () => {
  it('has ids of one form, each once', () => {
    const ids = RULES.map(({ id }) => id);
    expect(ids.filter((id) => !/^FL-[A-Z]+-\d{3}$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
