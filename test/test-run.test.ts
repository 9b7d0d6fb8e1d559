/** What a test run prints and exits with, seen from outside: small runs of vitest with this repository's reporter and lab runner. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { runProcess } from '../src/core/process.ts';
import { packageRoot } from '../src/core/package-root.ts';

const root = packageRoot();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-run-'));
});
afterAll(async () => rm(folder, { recursive: true }));

interface Run {
  code: number;
  lines: string[];
}

async function run(files: Record<string, string>, given: { lab?: boolean; env?: Record<string, string> } = {}): Promise<Run> {
  const here = await mkdtemp(join(folder, 'case-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(here, name), text);
  const runner = given.lab === true ? `runner: ${JSON.stringify(join(root, 'test/support/lab-runner.ts'))},` : '';
  await writeFile(
    join(here, 'vitest.config.mjs'),
    `import { SummaryReporter } from ${JSON.stringify(join(root, 'test/support/summary-reporter.ts'))};
     export default { test: { globals: true, include: ['*.test.mjs'], ${runner} reporters: ['default', new SummaryReporter(['no root'])],
       projects: [{ extends: true, test: { name: ${given.lab === true ? "'lab'" : "'unit'"} } }] } };`,
  );
  const argv = [process.execPath, join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', here];
  const result = await runProcess(argv, { cwd: here, env: { CI: '', ...given.env } });
  return { code: result.code, lines: Buffer.from(result.stdout).toString().trimEnd().split('\n') };
}

const pass = "test('passes', () => {});";

describe('the last line of a test run', () => {
  it('counts what passed', async () => {
    const ran = await run({ 'a.test.mjs': `${pass} ${pass}` });
    expect([ran.code, ran.lines.at(-1)]).toEqual([0, '2 passed, 0 failed']);
  });

  it.each([
    ['a failed test', `${pass} test('fails', () => { expect(1).toBe(2); });`],
    ['a file that cannot be loaded', "import './absent.mjs';"],
    ['a file that throws while it loads', "throw new Error('no');"],
    ['a hook that fails', "describe('suite', () => { beforeAll(() => { throw new Error('no'); }); test('never runs', () => {}); });"],
    ['an error outside any test', `${pass} setTimeout(() => { throw new Error('stray'); }, 0); test('waits', () => new Promise((done) => setTimeout(done, 50)));`],
    ['a file without tests', 'export const nothing = 1;'],
  ])('counts %s as failed', async (_what, text) => {
    const ran = await run({ 'a.test.mjs': text, 'b.test.mjs': pass });
    expect(ran.lines.at(-1)).toMatch(/^[1-9]\d* passed, [1-9]\d* failed(, \d+ skipped)?$/);
    expect(ran.code).not.toBe(0);
  });

  it('does not call a run without tests a success', async () => {
    const ran = await run({});
    expect(ran.lines.at(-1)).toBe('0 passed, 1 failed');
    expect(ran.code).not.toBe(0);
  });
});

describe("the lab's tests where the lab cannot run", () => {
  const tests = { 'a.test.mjs': `beforeAll(() => { throw new Error('must not run'); }); ${pass} describe('suite', () => { ${pass} });` };

  it('are skipped, with the reason', async () => {
    const ran = await run(tests, { lab: true, env: { FAIRLEAD_LAB_OBSTACLES: 'no root' } });
    expect([ran.code, ran.lines.at(-1)]).toEqual([0, '0 passed, 0 failed, 2 skipped']);
    expect(ran.lines.join('\n')).toContain("The lab's tests cannot run on this machine:\n  - no root");
  });

  it('fail under CI=true', async () => {
    const ran = await run(tests, { lab: true, env: { FAIRLEAD_LAB_OBSTACLES: 'no root', CI: 'true' } });
    expect(ran.lines.at(-1)).toMatch(/^0 passed, [1-9]/);
    expect(ran.code).not.toBe(0);
  });
});
