/** A few cases of the blind trial (`node bench/diagnose/trial.ts` has all), made in a living cluster: the true cause is first, nothing else is proved, nothing stays behind. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CASES } from '../blind-trial/cases.ts';
import type { Place } from '../blind-trial/draw.ts';
import { BlindLab } from '../blind-trial/lab.ts';
import { passed } from '../blind-trial/table.ts';
import { runCase } from '../blind-trial/trial.ts';

const lab = new BlindLab('blind-test');
let places: readonly Place[];

beforeAll(async () => {
  await lab.up('flannel');
  places = await lab.places();
  expect(await lab.untilWhole(places, 120_000)).toEqual([]);
}, 900_000);
afterAll(async () => await lab.down());

describe('a fault in a living cluster', () => {
  test.each(CASES.filter(({ quick, lab: kind }) => quick === true && kind === 'flannel').map((one) => [one.id, one] as const))('%s: what is said of it is true', { timeout: 600_000 }, async (_id, one) => {
    // Another draw each day, the same within one.
    const row = await runCase(lab, one, places, Math.floor(Date.now() / 86_400_000));
    expect(row).toMatchObject({ falselyProved: [], left: [] });
    expect(passed({ ...row, code: '', day: '', machine: '' }), JSON.stringify(row, null, 1)).toBe(true);
  });
});
