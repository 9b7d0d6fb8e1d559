/** The rules of docs/decisions/0002 hold for every source file, and each of them can fail. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { packageRoot } from '../src/core/package-root.ts';
import { ALLOWED, cycles, importViolations, nameViolations, shapeViolations, tableCycles } from './support/architecture.ts';
import { readSource, type SourceFile } from './support/source-file.ts';

const root = packageRoot();
const paths = globSync(['{src,test,scripts,bench}/**/*.ts', '*.ts'], { cwd: root });
const files = paths.map((path) => readSource(path, readFileSync(join(root, path), 'utf8')));

const sources = (texts: Record<string, string>): SourceFile[] => Object.entries(texts).map(([path, text]) => readSource(path, text));

describe('this repository', () => {
  it('was read', () => expect(files.map((file) => file.path)).toContain('src/main.ts'));
  it('imports downwards only', () => expect(importViolations(files)).toEqual([]));
  it('names CNIs and distributions only where they belong', () => expect(nameViolations(files)).toEqual([]));
  it('has no import cycle', () => expect(cycles(files)).toEqual([]));
  it('has no table of allowed imports with a cycle', () => expect(tableCycles(ALLOWED)).toEqual([]));
  it('keeps its files short, without default exports and barrels, and all its tests on', () => expect(shapeViolations(files)).toEqual([]));
});

describe('the rules', () => {
  it.each([
    ['core upwards', 'src/core/a.ts', "import { x } from '../net/x.ts';"],
    ['a type upwards', 'src/net/a.ts', "import type { X } from '../cluster/x.ts';"],
    ['a re-export upwards', 'src/net/a.ts', "export { x } from '../cluster/x.ts'; const y = 1;"],
    ['a lazy import upwards', 'src/cluster/a.ts', "const x = await import('../lab/x.ts');"],
    ['a type expression upwards', 'src/cluster/a.ts', "export type X = import('../lab/x.ts').X;"],
    ['a verb by another', 'src/lab/a.ts', "import { x } from '../migrate/x.ts';"],
    ['cli by a verb', 'src/lab/a.ts', "import { x } from '../cli/x.ts';"],
    ['the engine by a CNI', 'src/migrate/engine/a.ts', "import { x } from '../../cni/calico/x.ts';"],
    ['a library by the agent', 'src/probe/agent/a.ts', "import { z } from 'zod';"],
    ['the mesh by the agent', 'src/probe/agent/a.ts', "import { x } from '../mesh/x.ts';"],
    ['commander elsewhere', 'src/lab/a.ts', "import { Command } from 'commander';"],
    ['an unknown folder', 'src/misc/a.ts', "import { x } from '../core/x.ts';"],
    ['what is there for tests', 'src/migrate/a.ts', "import { x } from './testing/x.ts';"],
    ['a file outside src', 'src/core/a.ts', "import { x } from '../../test/support/x.ts';"],
  ])('refuse %s', (_what, path, text) => expect(importViolations(sources({ [path]: text }))).toHaveLength(1));

  it('accept what the design allows', () => {
    const allowed = sources({
      'src/migrate/routes/flannel-to-calico/a.ts': "import { x } from '../../../cni/calico/x.ts'; import { y } from '../../../probe/y.ts';",
      'src/probe/agent/a.ts': "import type { Sample } from '../types.ts'; import { x } from '../../core/x.ts'; import { y } from 'node:net';",
      'src/cli/lab.ts': "import { x } from '../lab/x.ts';",
      'src/lab/a.test.ts': "import { x } from '../migrate/x.ts';",
    });
    expect(importViolations(allowed)).toEqual([]);
  });

  it('find a CNI named in code but not in comments', () => {
    const text = "// Flannel and K3s may be spoken of\nconst calicoNode = 'x';\nexport const a = [calicoNode, `kube-flannel-${1}`];";
    expect(nameViolations(sources({ 'src/probe/a.ts': text }))).toEqual(['src/probe/a.ts names calico', 'src/probe/a.ts names flannel']);
    expect(nameViolations(sources({ 'src/migrate/routes/a.ts': text, 'src/lab/a.ts': text, 'src/probe/a.test.ts': text }))).toEqual([]);
  });

  it('find cycles, but not those of types', () => {
    const cycle = { 'src/lab/a.ts': "import { b } from './b.ts';", 'src/lab/b.ts': "export { c } from './c.ts';", 'src/lab/c.ts': "import { a } from './a.ts';" };
    expect(cycles(sources(cycle))).toEqual(['import cycle: src/lab/a.ts → src/lab/b.ts → src/lab/c.ts → src/lab/a.ts']);
    expect(cycles(sources({ ...cycle, 'src/lab/c.ts': "import { type A } from './a.ts';" }))).toEqual([]);
    expect(tableCycles({ lab: ['probe'], probe: ['lab'] })).toHaveLength(1);
  });

  it.each([
    ['length', 'const a = 1;\n'.repeat(321)],
    ['default exports', 'export default 1;'],
    ['barrels', "export { a } from './a.ts';\nexport * from './b.ts';"],
    ['.only', "it.only('a', () => {});"],
    ['.skip', "describe.concurrent.skip('a', () => {});"],
    ['.todo', "test.todo('a');"],
    ['.each after .skip', "it.skip.each([1])('a', () => {});"],
  ])('judge %s', (_what, text) => expect(shapeViolations(sources({ 'src/lab/a.ts': text }))).toHaveLength(1));

  it('accept a plain file', () => {
    expect(shapeViolations(sources({ 'src/lab/a.ts': "export const a = 1;\nit.each([1])('x', () => {});\n" }))).toEqual([]);
  });
});
