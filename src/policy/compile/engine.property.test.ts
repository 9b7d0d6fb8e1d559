/** What policies mean, for each dialect; `node bench/policy/worlds.ts` tries the same on hundreds of thousands of worlds. */
import fc from 'fast-check';
import { it } from 'vitest';
import { PROPERTIES } from '../testing/properties.ts';
import { patience, runs } from '../testing/runs.ts';

const WORLDS = 500;

it.each(Object.entries(PROPERTIES))('policies of the dialect %s mean what the naive evaluator makes of them', { timeout: patience(WORLDS) }, (_name, property) => {
  fc.assert(property, runs(WORLDS));
});
