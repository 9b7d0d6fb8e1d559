import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { packageRoot } from '../core/package-root.ts';
import { aggregate } from '../probe/stats/aggregate.ts';
import { runMigration } from './engine.ts';
import { openJournal } from './journal.ts';
import { MIGRATION_SCHEMAS } from './public-schemas.ts';
import { buildReport } from './report.ts';
import { ModelWorld, modelGate, modelPlan, writeHandlers, writeStep } from './testing/model-world.ts';

it.each(Object.keys(MIGRATION_SCHEMAS))('docs/schemas/%s.json is up to date', async (name) => {
  const text = await readFile(join(packageRoot(), 'docs', 'schemas', `${name}.json`), 'utf8');
  expect(text).toBe(`${JSON.stringify(MIGRATION_SCHEMAS[name], null, 2)}\n`);
});

it('accepts what a migration really writes, line by line, and nothing else', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'fairlead-schemas-'));
  try {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const valid = (name: string, value: unknown): unknown => {
      const check = ajv.compile(MIGRATION_SCHEMAS[name] ?? false);
      return check(value) || check.errors;
    };
    const plan = modelPlan([writeStep('a/move', 'node:a', { a: 'new' }, { gate: true, impact: [{ classes: ['dns'], scope: 'any', maxMs: 5, reason: 'x' }] })]);
    const world = new ModelWorld({});
    const journal = await openJournal(dir);
    await runMigration({ plan, ctx: null, journal, gate: modelGate(world), handlers: writeHandlers(world) });
    await journal.close();
    expect(valid('plan.v1', plan)).toBe(true);
    for (const line of (await readFile(journal.path, 'utf8')).trimEnd().split('\n')) expect(valid('journal-entry.v1', JSON.parse(line))).toBe(true);
    const report = buildReport({ plan, entries: journal.entries, probes: aggregate([{ t: 1, class: 'dns', probe: 'dns', from: 'pod/a', to: 'dns/x', seq: 1, ok: true, rttMs: 1 }]), nodes: [], tool: '1', now: new Date() });
    expect(valid('report.v1', JSON.parse(JSON.stringify(report)))).toBe(true);
    expect(valid('plan.v1', { ...plan, steps: [] })).not.toBe(true);
    expect(valid('report.v1', { ...report, totals: {} })).not.toBe(true);
  } finally {
    await rm(dir, { recursive: true });
  }
});
