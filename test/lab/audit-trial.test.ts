/** A few faults of the audit's trial (`npm run audit-trial` has all), made in a living cluster: each is found by the rule meant for it, nothing else is, and nothing stays behind. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAULTS } from '../audit-trial/faults.ts';
import { weighty } from '../audit-trial/judge.ts';
import { TrialLab, type Audit } from '../audit-trial/lab.ts';
import { restingAudit, runFault } from '../audit-trial/trial.ts';

const lab = new TrialLab('audit-trial');
let before: Audit;

beforeAll(async () => {
  await lab.up('flannel');
  before = await restingAudit(lab);
}, 600_000);
afterAll(async () => await lab.down());

describe('a fault in a living cluster', () => {
  test('is not found where there is none', () => {
    expect(weighty(before.findings)).toEqual([]);
  });

  test.each(FAULTS.filter(({ quick, lab: kind }) => quick === true && kind === 'flannel').map((fault) => [fault.id, fault] as const))('%s is found by its rule, and only by that', { timeout: 300_000 }, async (_id, fault) => {
    const { row, after } = await runFault(lab, fault, before);
    before = after;
    expect(row).toMatchObject({ found: true, falsePositives: [], left: [] });
  });
});
