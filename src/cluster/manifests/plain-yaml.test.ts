import { dump } from 'js-yaml';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterYaml, FAMILIES } from '../../../bench/policy/inputs.ts';
import { patience, runs } from '../../policy/testing/runs.ts';
import { ELSEWHERE } from './plain-scalar.ts';
import { plainYaml } from './plain-yaml.ts';
import { TextSplitter } from './read-text.ts';
import { loadYaml } from './yaml.ts';

/** The library's value, or that it refuses the text. */
function library(text: string): unknown {
  try {
    return { value: loadYaml(text) };
  } catch {
    return 'refused';
  }
}

/** The plain reader may leave a text to the library; what it reads must be the same. Returns whether it read it. */
function agrees(text: string): boolean {
  const value = plainYaml(text);
  if (value === ELSEWHERE) return false;
  expect({ value }, JSON.stringify(text)).toEqual(library(text));
  return true;
}

const WORLDS = 3_000;
const word = fc.constantFrom('a', 'app', 'on', 'no', 'y', 'null', '~', '1', '080', '1.5', '0x1f', '-1', '1e3', '.5', '10.0.0.0/8', 'fd00::1', 'a: b', 'a #b', '#c', '- x', '', ' ', 'x y', '"', "it's", 'true', 'k8s:app', 'http://x:80/y', '{', '[a]', '&a', '*a', '!t', '|', '>', '%x', '@x', '`', '?', ': ', 'a:', '2026-01-01', '__proto__', '---', '<<', 'ä', '\\', '=');
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: 'small' }, word, fc.nat(70_000), fc.boolean(), fc.constant(null), tie('list'), tie('map')),
  list: fc.array(tie('any'), { maxLength: 3 }),
  map: fc.dictionary(word.filter((one) => one !== '__proto__'), tie('any'), { maxKeys: 3 }),
})).any;

/** Pieces of which YAML is made, thrown together. */
const scraps = fc.array(fc.constantFrom('a: ', 'b:', 'c: 1', '- ', '-', '\n', '\n', '\n  ', '\n    ', ' ', '# x', ' # y', '"q"', "'s'", '{', '}', '[', ']', ', ', ',', ': ', ':', 'word', '10.0.0.1', '"', "'", '&a ', '*a', '!!str ', '| ', '>-', '?', 'no', '07', '1.', 'a b'), { maxLength: 14 }).map((parts) => parts.join(''));

describe('the plain part of YAML', () => {
  it('is what the library reads in it, of whatever is dumped', { timeout: patience(WORLDS) }, () => {
    let read = 0;
    fc.assert(fc.property(value, fc.constantFrom(-1, 0, 1, 2), fc.boolean(), (one, flowLevel, noArrayIndent) => {
      if (agrees(dump({ kind: one }, { flowLevel, lineWidth: -1, ...(noArrayIndent ? { seqNoIndent: true } : {}) }))) read += 1;
    }), runs(WORLDS));
    expect(read).toBeGreaterThan(WORLDS / 20);
  });

  it('is left to the library where pieces are thrown together', { timeout: patience(WORLDS) }, () => {
    let read = 0;
    fc.assert(fc.property(scraps, (text) => {
      if (agrees(text)) read += 1;
    }), runs(WORLDS * 5));
    expect(read).toBeGreaterThan(50);
  });

  it.each(FAMILIES)('is all of the cluster %s', (family) => {
    const splitter = new TextSplitter('x');
    const documents = [...splitter.push(clusterYaml(family, 60)), ...splitter.end()];
    expect(documents.filter((one) => !agrees(one.text))).toEqual([]);
  });

  it.each([
    'a: b # c', 'a: "b" # c', 'a: x\n  y', 'a: |\n  x', 'a:\n- b\n-   c: 1\n    d: [x, {y: z}]\n', 'a: {b: "c, d", e: []}', 'a: {b: 1', 'a: b\na: c', 'a:\n  b: 1\n c: 2', '- - a\n  - b\n-\n  c: 1', 'a: b: c', '? a\n: b', 'a: &x b\nc: *x', 'a:\tb', '"a": 1', 'on: x', 'a: 0.5', 'a: ', 'a: {b: c:d}', 'a: [b c, d]', "a: 'x''y'", 'a: "x\\n"', 'a: -', 'a: [a,b]', 'a: {a: b,c: d}', 'a: {a}',
  ])('%j is read alike or not at all', (text) => {
    agrees(text);
  });
});
