/** Which counters rose with a probe. */
import { expect, it } from 'vitest';
import { parseCounters, risen } from './counters.ts';

it('a rule that counted fewer packets than were sent did not count them', () => {
  const read = (packets: number): Map<string, number> => parseCounters(`[${packets}:60] -A FORWARD -j DROP\n`);
  const grown = (by: number): number => risen([read(5), read(5)], [read(5), read(5 + by)], 3).length;
  expect([grown(2), grown(3), grown(4)]).toEqual([0, 1, 1]);
});
