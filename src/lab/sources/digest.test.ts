import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { familyDigest } from './digest.ts';
import type { Family } from './families.ts';

const toolchain = { goVersion: 'go1.26.8', goos: 'linux', goarch: 'amd64' };
const flags = ['-trimpath'];
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fairlead-digest-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

let count = 0;
/** A module in a new folder, changed as asked, and its digest. */
async function digestOf(
  change: { file?: [string, string]; flags?: string[]; toolchain?: object; linkVariables?: string[] } = {},
): Promise<string> {
  const moduleDirectory = join(root, `${count++}`);
  await mkdir(join(moduleDirectory, 'cmd', 'one'), { recursive: true });
  await writeFile(join(moduleDirectory, 'go.mod'), 'module lab\n\ngo 1.26\n');
  await writeFile(join(moduleDirectory, 'go.sum'), '');
  await writeFile(join(moduleDirectory, 'cmd', 'one', 'main.go'), 'package main\n\nfunc main() {}\n');
  if (change.file) await writeFile(join(moduleDirectory, change.file[0]), change.file[1]);
  const programs = [{ name: 'one', package: './cmd/one', version: 'own' }];
  const units = [{ cgo: false, tags: [], programs, linkVariables: change.linkVariables ?? [] }];
  const family: Family = { name: 'tiny', moduleDirectory, env: {}, measuredColdSeconds: 1, units };
  return familyDigest(family, change.flags ?? flags, { ...toolchain, ...change.toolchain });
}

test('the same content has the same digest in any folder', async () => {
  const digest = await digestOf();
  expect(digest).toMatch(/^[0-9a-f]{16}$/);
  expect(await digestOf()).toBe(digest);
});

test('tests of the module do not matter', async () => {
  expect(await digestOf({ file: ['cmd/one/main_test.go', 'package main\n'] })).toBe(await digestOf());
});

test.each([
  ['go.mod', { file: ['go.mod', 'module lab\n\ngo 1.26\n\n'] as [string, string] }],
  ['go.sum', { file: ['go.sum', 'x v1.0.0 h1:x\n'] as [string, string] }],
  ['a source file', { file: ['cmd/one/main.go', 'package main\n\nfunc main() { println() }\n'] as [string, string] }],
  ['a new source file', { file: ['cmd/one/two.go', 'package main\n'] as [string, string] }],
  ['the build flags', { flags: ['-trimpath', '-race'] }],
  ['the link variables', { linkVariables: ['main.version=2'] }],
  ['the Go version', { toolchain: { goVersion: 'go1.26.9' } }],
  ['the operating system', { toolchain: { goos: 'freebsd' } }],
  ['the architecture', { toolchain: { goarch: 'arm64' } }],
])('%s changes it', async (_, change) => {
  expect(await digestOf(change)).not.toBe(await digestOf());
});
