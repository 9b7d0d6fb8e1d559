/** A few rows of the sweep (test/sweep), others with each commit: the tool is killed or something fails in the middle of a migration, which then goes to its end all the same. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sweepRows } from '../support/sweep-rows.ts';
import { finishMigration, runIncident, type Chain } from '../sweep/chain.ts';
import { FAULTS, inOrder, KILLS, STEPS } from '../sweep/incidents.ts';
import { fairleadOk } from './support/fairlead.ts';
import { ownState } from './support/migration.ts';

const chain: Chain = { lab: 'mi', log: () => undefined };
const state = ownState();

/** Taking everything back once all nodes have moved costs a whole migration: `npm run sweep` has those rows. */
const kills = KILLS.filter((row) => row.asked === 'resume' || STEPS.indexOf(row.step) < STEPS.indexOf('settle/finish'));
// npm run sweep is where all of them run; test:full takes as many as a commit does.
const rows = inOrder([...sweepRows(kills, 2, {}), ...sweepRows(FAULTS, 1, {})]);

describe('incidents in the middle of a migration', () => {
  beforeAll(async () => {
    await fairleadOk('lab', 'down', '--name', chain.lab);
    await fairleadOk('lab', 'up', '--name', chain.lab, '--apps');
  }, 300_000);
  afterAll(async () => {
    await fairleadOk('lab', 'down', '--name', chain.lab);
    state.remove();
  });

  test.for(rows)('$id', { timeout: 1_200_000 }, async (row) => {
    const result = await runIncident(chain, row);
    expect(result.problems, result.what).toEqual([]);
    expect(result.sent).toBeGreaterThan(0);
  });

  test('then the migration comes to its end, and nothing of the old CNI is left', { timeout: 1_200_000 }, async () => {
    expect(await finishMigration(chain)).toEqual([]);
  });
});
