/** Lines of fields: those that the plain reader notes are those of the library, and each document is read once. */
import { dump } from 'js-yaml';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterYaml } from '../../../bench/policy/inputs.ts';
import { patience, runs } from '../../policy/testing/runs.ts';
import type { Path } from './origin.ts';
import { ELSEWHERE } from './plain-scalar.ts';
import { plainYaml } from './plain-yaml.ts';
import { fieldPlace, lineOf } from './position.ts';
import { TextSplitter } from './read-text.ts';
import { loadYaml } from './yaml.ts';

const line = (text: string, path: Path): number | undefined => lineOf({ file: 'a.yaml', line: 1, written: { text, line: 1, within: [] } }, path);
/** What is not ASCII the plain reader leaves to the library, in a comment behind the document as well. */
const forLibrary = (text: string): string => `${text}\n# ä\n`;
const pathsOf = (value: unknown): Path[] => [[], ...(typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, inner]) => pathsOf(inner).map((path) => [Array.isArray(value) ? Number(key) : key, ...path])) : [])];

/** Holds the two equal for every field of a document, and for one that is not there; returns whether the plain reader read it. */
function agrees(text: string): boolean {
  if (plainYaml(text) === ELSEWHERE) return false;
  for (const path of pathsOf(loadYaml(text)).flatMap((one) => [one, [...one, 'absent']])) expect(line(text, path), `${JSON.stringify(text)} ${path.join('.')}`).toBe(line(forLibrary(text), path));
  return true;
}

const WORLDS = 1_000;
const { any } = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: 'small' }, fc.constantFrom('web', 80, true, null, ''), tie('list'), tie('map')),
  list: fc.array(tie('any'), { maxLength: 3 }),
  map: fc.dictionary(fc.constantFrom('a', 'spec', 'app.kubernetes.io/name', '1'), tie('any'), { maxKeys: 3 }),
}));

describe('lines of fields', () => {
  it('are the same by the plain reader and by the library', { timeout: patience(WORLDS) }, () => {
    let read = 0;
    fc.assert(fc.property(any, fc.constantFrom(-1, 2, 3), fc.boolean(), fc.boolean(), (value, flowLevel, seqNoIndent, spaced) => {
      const text = dump({ kind: value, more: value }, { flowLevel, lineWidth: -1, noRefs: true, seqNoIndent });
      // Dashes alone on their lines, comments and blank lines, as people write.
      if (agrees(spaced ? `# a policy\n\n${text.replaceAll(/^( *)- (?=\w+:)/gm, '$1-\n$1  # item\n$1  ').replaceAll('\nmore:', '\n\n# more\nmore:')}` : text)) read += 1;
    }), runs(WORLDS));
    expect(read).toBeGreaterThan(WORLDS / 2);
  });

  it('are the same in the documents of a cluster', () => {
    const splitter = new TextSplitter('x');
    const documents = [...splitter.push(clusterYaml('tiers', 25)), ...splitter.end()];
    expect(documents.map((one) => agrees(one.text))).toEqual(documents.map(() => true));
  });

  it.each([
    ['a block in a dash', 'a:\n  - b: 1\n    c: 2\n', ['a', 0, 'c'], 3],
    ['a dash alone', 'a:\n  -\n    b: 1\n', ['a', 0], 3],
    ['a flow over lines', 'a: {b: 1,\n  c: 2}\n', ['a', 'c'], 2],
    ['behind a block of text', 'a: |\n  b: 1\n\nc: 2\n', ['c'], 4],
    ['JSON', '{"a":\n {"b":\n 1}}', ['a', 'b'], 2],
    ['what is not written', 'a:\n  b: 1\n', ['a', 'b', 'c', 0], 2],
  ])('are right in %s', (_what, text, path, expected) => {
    expect(line(text, path)).toBe(expected);
  });

  it('count from the line of the text, and from the object in it', () => {
    expect(fieldPlace({ file: 'a.yaml', line: 7, written: { text: '- kind: A\n- kind: B\n  spec: {}\n', line: 7, within: [1] } }, ['spec'])).toBe('a.yaml:9');
  });
});
