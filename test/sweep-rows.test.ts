import { describe, expect, it } from 'vitest';

import { pickRows, sweepRows } from './support/sweep-rows.ts';

const rows = ['a', 'b', 'c', 'd', 'e'];

describe('rows of a sweep', () => {
  it('are all taken in turn by successive seeds', () => {
    const taken = [0, 1, 2].flatMap((seed) => pickRows(rows, 2, seed));
    expect(taken).toEqual(['a', 'b', 'c', 'd', 'e', 'a']);
  });

  it('are all taken when that is asked for or there are few', () => {
    expect(sweepRows(rows, 2, { FAIRLEAD_SWEEP: 'all' })).toEqual(rows);
    expect(pickRows(rows, 9, 3)).toEqual(rows);
  });

  it('are as many as asked for in an ordinary run', () => expect(sweepRows(rows, 2, {})).toHaveLength(2));
});
