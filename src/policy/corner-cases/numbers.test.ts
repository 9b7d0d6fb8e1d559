/** The corner cases of the specifications are numbered 1 to 47: each must have a test of its own, which begins with its number. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const CASES = 47;

/** Names of the tests of a file that say a number; one that is skipped is none. */
const namesOf = (source: string): string[] => [...source.matchAll(/^ *it\('(\d.*?)(?<!\\)',/gm)].map(([, name]) => name!);

/** The numbers that have no test of their own. */
function missing(names: readonly string[]): number[] {
  const found = new Set(names.map((name) => /^(\d+): /.exec(name)?.[1]));
  return Array.from({ length: CASES }, (_, index) => index + 1).filter((number) => !found.has(String(number)));
}

const written = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.test.ts')).flatMap((file) => namesOf(readFileSync(join(import.meta.dirname, file), 'utf8')));

it('each has a test of its own', () => {
  expect(missing(written)).toEqual([]);
  expect(written.filter((name) => !/^\d+: /.test(name))).toEqual([]);
});

it('is missed when all tests of its number are gone', () => {
  for (let number = 1; number <= CASES; number += 1) expect(missing(written.filter((name) => !name.startsWith(`${number}: `)))).toEqual([number]);
});

it('is missed when its test is switched off, or shares a name with another', () => {
  expect(namesOf("  it('21, 22: two', () => {\n  it.skip('3: one', () => {\n  it('4: one', () => {")).toEqual(['21, 22: two', '4: one']);
  expect(missing(['21, 22: two', '4: one'])).toContain(21);
});
