/** Every frame of captures in bad weather is judged as tshark judges it. The golden files are made by `node scripts/capture-golden.ts`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../core/package-root.ts';
import { analyseFrames, CASES, FIELDS, type Golden } from '../testing/golden.ts';

const golden = (name: string): Golden => JSON.parse(readFileSync(join(packageRoot(), `src/packets/testing/golden/${name}.json`), 'utf8')) as Golden;
const words = (bits: number): string => FIELDS.filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name).join(' ');

describe.each(Object.entries(CASES))('%s', (name, frames) => {
  it('is judged as by tshark, frame by frame', async () => {
    const theirs = golden(name);
    const { golden: ours } = await analyseFrames(frames());
    const [a, b] = [ours.seen.split(' '), theirs.seen.split(' ')];
    const different = a.flatMap((bits, at) => (bits === b[at] ? [] : [`frame ${at + 1}: ${words(Number.parseInt(bits, 16))} | tshark: ${words(Number.parseInt(b[at] ?? '0', 16))}`]));
    expect([a.length, different]).toEqual([b.length, []]);
    expect([ours.rst, ours.synUnanswered]).toEqual([theirs.rst, theirs.synUnanswered]);
    expect(ours.windowFull).toEqual(theirs.windowFull);
    if (theirs.layers.length > 0) expect(ours.layers).toEqual(theirs.layers);
  });
});

it('the weather has everything that there is a word for, many times', async () => {
  const seen = ['weather-1', 'weather-2', 'weather-3'].flatMap((name) => golden(name).seen.split(' ').map((bits) => Number.parseInt(bits, 16)));
  for (const [word, bit] of FIELDS) expect([word, seen.filter((bits) => (bits & bit) !== 0).length > 30]).toEqual([word, true]);
  expect((await analyseFrames(CASES['weather-1']?.() ?? [])).segments).toBe(3000);
});
