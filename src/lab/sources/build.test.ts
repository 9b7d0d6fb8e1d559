import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildFamily } from './build.ts';
import type { BuildOptions } from './build.ts';
import type { Family } from './families.ts';
import type { SourceEvent } from './progress.ts';

// The first build on a machine compiles Go's runtime.
vi.setConfig({ testTimeout: 120_000 });

let root: string;
let events: SourceEvent[];
let options: BuildOptions;
let family: Family;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fairlead-build-'));
  events = [];
  options = { cacheDir: join(root, 'cache'), onProgress: (event) => events.push(event) };
  const moduleDirectory = join(root, 'tiny');
  for (const name of ['one', 'two', 'alone']) {
    await mkdir(join(moduleDirectory, 'cmd', name), { recursive: true });
    await writeMain(name, 'println(name, version)');
  }
  await writeFile(join(moduleDirectory, 'go.mod'), 'module example.test/tiny\n\ngo 1.26\n');
  const program = (name: string, command = name) => ({ name, package: `./cmd/${command}`, version: '1.2.3' });
  family = {
    name: 'tiny',
    moduleDirectory,
    env: {},
    measuredColdSeconds: 5,
    units: [
      { cgo: false, tags: [], programs: [program('one'), program('two')], linkVariables: ['main.version=v1.2.3'] },
      { cgo: false, tags: [], programs: [program('renamed', 'alone')], linkVariables: [] },
    ],
  };
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

function writeMain(name: string, body: string): Promise<void> {
  const source = `package main\n\nvar name, version = "${name}", "unset"\n\nfunc main() { ${body} }\n`;
  return writeFile(join(root, 'tiny', 'cmd', name, 'main.go'), source);
}

async function printed(path: string): Promise<string> {
  return (await promisify(execFile)(path)).stderr.trim();
}

/** Puts a shell script in the place of the Go command. */
async function fakeGo(script: string): Promise<void> {
  await mkdir(join(root, 'go'), { recursive: true });
  await writeFile(join(root, 'go', 'go'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${join(root, 'go')}:${process.env['PATH']}`);
}

describe('a real module', () => {
  test('is built once, with its link settings, and then comes from the cache', async () => {
    const built = await buildFamily(family, options);
    expect(built.cached).toBe(false);
    expect((await readdir(built.directory)).toSorted()).toEqual(['one', 'renamed', 'two']);
    expect(await printed(join(built.directory, 'one'))).toBe('one v1.2.3');
    expect(await printed(join(built.directory, 'renamed'))).toBe('alone unset');
    expect([...built.programs]).toEqual([
      ['one', '1.2.3'],
      ['two', '1.2.3'],
      ['renamed', '1.2.3'],
    ]);
    expect(events[0]).toMatchObject({ kind: 'build-started', family: 'tiny' });
    expect(events.at(-2)).toMatchObject({ kind: 'build', phase: 'link', linkedPrograms: 3, totalPrograms: 3, remainingSeconds: 0 });
    expect(events.at(-1)).toMatchObject({ kind: 'build-finished', directory: built.directory });

    events.length = 0;
    expect(await buildFamily(family, options)).toMatchObject({ cached: true, directory: built.directory });
    expect(events).toEqual([]);
  });

  test('is built by one of two that ask at once', async () => {
    const both = await Promise.all([buildFamily(family, options), buildFamily(family, options)]);
    expect(both.filter(({ cached }) => cached)).toHaveLength(1);
    expect(events.filter((event) => event.kind === 'build-started')).toHaveLength(1);
    expect(events.filter((event) => event.kind === 'waiting')).toHaveLength(1);
  });

  test('has a new place when its source changes, and the old one stays', async () => {
    const before = await buildFamily(family, options);
    await writeMain('one', 'println("changed")');
    const after = await buildFamily(family, options);
    expect(after.directory).not.toBe(before.directory);
    expect(await printed(join(before.directory, 'one'))).toBe('one v1.2.3');
    expect(await printed(join(after.directory, 'one'))).toBe('changed');
  });

  test('goes on from what a broken attempt left', async () => {
    await writeMain('alone', 'undefined()');
    await expect(buildFamily(family, options)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/^Building tiny failed\.[^]*undefined: undefined/),
    });
    const [root_] = (await readdir(join(options.cacheDir, 'components'))).filter((name) => !name.endsWith('.lock'));
    const building = join(options.cacheDir, 'components', root_!, 'building');
    expect((await readdir(building)).toSorted()).toEqual(['one', 'two']);
    const linkedBefore = (await stat(join(building, 'one'))).ino;
    await expect(buildFamily(family, options)).rejects.toThrow('undefined: undefined');
    // Linked by the first attempt, and found in order by the second.
    expect((await stat(join(building, 'one'))).ino).toBe(linkedBefore);
  });

  test("is built in the project's way whatever the user's settings are", async () => {
    vi.stubEnv('GOFLAGS', '-mod=vendor -nonsense');
    vi.stubEnv('GOOS', 'plan9');
    vi.stubEnv('GOWORK', '/nowhere/go.work');
    const built = await buildFamily(family, options);
    expect(await printed(join(built.directory, 'two'))).toBe('two v1.2.3');
  });

  test('that needs modules which cannot be had fails with what Go says', async () => {
    vi.stubEnv('GOPROXY', 'off');
    vi.stubEnv('GOMODCACHE', join(root, 'empty'));
    await writeFile(join(family.moduleDirectory, 'go.mod'), 'module example.test/tiny\n\ngo 1.26\n\nrequire example.test/lib v1.0.0\n');
    await writeFile(join(family.moduleDirectory, 'go.sum'), 'example.test/lib v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nexample.test/lib v1.0.0/go.mod h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n');
    await writeFile(join(family.moduleDirectory, 'cmd', 'one', 'main.go'), 'package main\n\nimport _ "example.test/lib"\n\nfunc main() {}\n');
    await expect(buildFamily(family, options)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/^The Go modules of tiny cannot be loaded\.[^]*GOPROXY=off/),
    });
  });
});

describe('a machine that cannot build', () => {
  test('Go is too old', async () => {
    await fakeGo('echo go1.19.8');
    await expect(buildFamily(family, options)).rejects.toMatchObject({
      exitCode: 3,
      message: "Go 1.19.8 is too old: building the lab's programs needs Go 1.26 or newer.",
      hint: 'Install Go 1.26 or newer, or give the programs ready-made with --components DIR.',
    });
  });

  test('Go does not start', async () => {
    await fakeGo('echo "cannot find GOROOT" >&2; exit 2');
    await expect(buildFamily(family, options)).rejects.toThrow('Go does not start: cannot find GOROOT');
  });

  test('a C compiler is missing', async () => {
    vi.stubEnv('CC', join(root, 'no-such-cc'));
    const units = family.units.map((unit) => ({ ...unit, cgo: true }));
    await expect(buildFamily({ ...family, units }, options)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('no-such-cc` is not there'),
      hint: expect.stringContaining('apt-get install gcc'),
    });
  });

  test('the disk is full', async () => {
    await fakeGo(`case "$1" in
      env) echo go1.26.8 ;;
      build) echo 'compile: write $WORK/b001/_pkg_.a: no space left on device' >&2; exit 1 ;;
    esac`);
    await expect(buildFamily(family, options)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/^Building tiny filled a disk \(\d+ MB are free at .*\)\.\ncompile: write/),
    });
  });
});

test('aborting ends the compiler and whatever it started, and frees the lock', async () => {
  // A `go build` with a child of its own that would run for ever.
  await fakeGo(`case "$1" in
    env) echo go1.26.8 ;;
    build) sleep 1000 & echo "$$ $!" > ${root}/pids.new; mv ${root}/pids.new ${root}/pids; wait ;;
  esac`);
  const controller = new AbortController();
  const build = buildFamily(family, { ...options, signal: controller.signal });
  build.catch(() => {});
  const pids = await vi.waitFor(async () => (await readFile(join(root, 'pids'), 'utf8')).trim().split(' ').map(Number), 10_000);
  controller.abort(new Error('interrupted'));
  await expect(build).rejects.toThrow('interrupted');
  await vi.waitFor(() => {
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  }, 10_000);
  vi.unstubAllEnvs();
  expect((await buildFamily(family, options)).cached).toBe(false);
});
