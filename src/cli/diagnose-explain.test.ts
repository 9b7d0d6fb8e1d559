/** `fairlead diagnose explain` from the front door. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../core/package-root.ts';
import { KNOWN_FAULTS } from '../diagnose/faults/faults.ts';
import { runMain } from './testing/run-main.ts';

const PATIENCE = 120_000;
const validate = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(join(packageRoot(), 'docs/schemas/faults.v1.json'), 'utf8')) as object);

describe('fairlead diagnose explain', () => {
  it.each([[['K1'], 1], [['service-without-endpoints'], 1], [[], KNOWN_FAULTS.length]] as const)('%j is a document that fits its schema', async (argv, count) => {
    const { code, stdout, stderr } = await runMain('diagnose', 'explain', ...argv, '-o', 'json');
    expect([code, stderr]).toEqual([0, '']);
    const report = JSON.parse(stdout) as { faults: { fault: string }[] };
    expect(validate(report) ? [] : validate.errors).toEqual([]);
    expect(report.faults).toHaveLength(count);
  }, PATIENCE);

  it('prints a page as text, and as the Markdown of docs/faults/', async () => {
    expect((await runMain('diagnose', 'explain', 'k1')).stdout).toMatch(/^K1: No ready pod is behind the Service\n\n/);
    const { stdout } = await runMain('diagnose', 'explain', 'K1', '-o', 'markdown');
    expect(readFileSync(join(packageRoot(), 'docs/faults/K1.md'), 'utf8').replace(/^Made from the code .*\n\n/m, '')).toBe(stdout);
  }, PATIENCE);

  it('lists all by family', async () => {
    expect((await runMain('diagnose', 'explain')).stdout).toMatch(/^workload: what runs in pods\n {2}X3 /);
    expect((await runMain('diagnose', 'explain', '-o', 'markdown')).stdout).toMatch(/^# Faults that `diagnose` knows\n\nFrom the frequent/);
  }, PATIENCE);

  it('names the nearest where there is none', async () => {
    const { code, stdout, stderr } = await runMain('diagnose', 'explain', 'K111');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/there is no fault K111\nhint: Nearest are K11 \(/);
  }, PATIENCE);
});
