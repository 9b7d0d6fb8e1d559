/** Linux, macOS and arm64 for everything that needs no lab: what of it can be checked on one machine. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { packageRoot } from '../src/core/package-root.ts';
import { runProcess } from '../src/core/process.ts';

const root = packageRoot();
/** Besides linux-x64, for which the same packages are there because these tests run. */
const PLATFORMS = [['linux', 'arm64'], ['darwin', 'x64'], ['darwin', 'arm64']] as const;

interface Locked {
  os?: string[];
  cpu?: string[];
  optionalDependencies?: Record<string, string>;
}

it('package-lock.json holds the native parts of every tool for each platform', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> };
  const partsOf = (tool: Locked, os: string, cpu: string): string[] => Object.keys(tool.optionalDependencies ?? {}).filter((name) => {
    const part = packages[`node_modules/${name}`];
    return part?.os?.includes(os) === true && part.cpu?.includes(cpu) === true;
  });
  const tools = Object.entries(packages).filter(([, tool]) => partsOf(tool, 'linux', 'x64').length > 0);
  expect(tools.map(([path]) => path)).toEqual(expect.arrayContaining(['esbuild', 'oxlint', 'oxlint-tsgolint', 'rolldown', 'typescript'].map((name) => `node_modules/${name}`)));
  const missing = tools.flatMap(([path, tool]) => PLATFORMS.filter(([os, cpu]) => partsOf(tool, os, cpu).length === 0).map((platform) => `${path} for ${platform.join('-')}`));
  expect(missing).toEqual([]);
});

it('no file of the sources starts a program, or reads anything but this package, when it is imported', async () => {
  // The agent's entry runs when it is imported: that is its purpose.
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !/\.test\.ts$|test-support|testing\b|^probe\/agent\/main\.ts$/.test(name));
  expect(files.length).toBeGreaterThan(200);
  const script = `for (const file of ${JSON.stringify(files)}) await import(${JSON.stringify(`${root}/src/`)} + file); process.stdout.write('all')`;
  // Under Node's permission model a child process, or /proc read, is an error (ERR_ACCESS_DENIED).
  const { code, stdout, stderr } = await runProcess([process.execPath, '--permission', `--allow-fs-read=${root}/`, '--input-type=module', '--eval', script]);
  expect({ code, said: Buffer.from(stdout).toString(), stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, said: 'all', stderr: '' });
}, 60_000);
