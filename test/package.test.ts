/** The published package: what is in it, and that it runs where nothing else is. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { output, runProcess } from '../src/core/process.ts';
import { packageRoot, packageVersion } from '../src/core/package-root.ts';

const root = packageRoot();

/** Everything that the package may contain, and each of these must be there. */
const GOLDEN: readonly RegExp[] = [
  /^CHANGELOG\.md$/,
  /^LICENSE$/,
  /^NOTICE$/,
  /^README\.md$/,
  /^bin\/fairlead\.js$/,
  /^dist\/THIRD-PARTY-LICENSES\.txt$/,
  /^dist\/agent\.mjs$/,
  /^dist\/[\w.-]+-[A-Z0-9]{8}\.js$/,
  /^dist\/components\/(.+\/)?go\.(mod|sum)$/,
  /^dist\/components\/.+\.go$/,
  /^dist\/main\.js$/,
  /^dist\/manifests\/.+\.yaml$/,
  /^package\.json$/,
];
/** Data files of single features, where the feature has any. */
const OPTIONAL: readonly RegExp[] = [/^dist\/components\/.+\.(txt|json|ya?ml|c|h)$/];

let folder: string;
let tarball: string;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-package-'));
  env = {
    PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
    npm_config_cache: join(folder, 'cache'),
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
    // Set by the npm that runs these tests; another npm must not take them for its own.
    npm_config_local_prefix: '',
    INIT_CWD: '',
  };
  // A copy, because packing builds, and the checkout's own dist may be in use.
  const copy = join(folder, 'checkout');
  await mkdir(copy);
  for (const name of ['bin', 'src', 'scripts', 'package.json', 'LICENSE', 'NOTICE', 'README.md', 'CHANGELOG.md', 'tsconfig.json']) {
    await cp(join(root, name), join(copy, name), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  await output(['npm', 'pack', '--pack-destination', folder], { cwd: copy, env, timeoutMs: 120_000 });
  tarball = join(folder, (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? 'none');
}, 150_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('the published package', () => {
  it('contains what a user needs and nothing else', async () => {
    const names = (await output(['tar', '-tzf', tarball])).trim().split('\n').map((name) => name.replace(/^package\//, ''));
    expect(names.filter((name) => ![...GOLDEN, ...OPTIONAL].some((pattern) => pattern.test(name)))).toEqual([]);
    expect(GOLDEN.filter((pattern) => !names.some((name) => pattern.test(name))).map(String)).toEqual([]);
    expect(names.filter((name) => /_test\.go$|\.ts$/.test(name))).toEqual([]);
  });

  it('asks npm for no other package', async () => {
    const manifest = JSON.parse(await output(['tar', '-xzOf', tarball, 'package/package.json'])) as Record<string, unknown>;
    expect(manifest['dependencies']).toBeUndefined();
  });

  it('runs by npx in an empty directory', async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty);
    const npx = async (...words: string[]): Promise<string> => output(['npx', '--yes', `--package=${tarball}`, '--', 'fairlead', ...words], { cwd: empty, env, timeoutMs: 120_000 });
    expect((await npx('--version')).trim()).toBe(packageVersion());
    expect(await npx('doctor', '--help')).toContain('fairlead doctor');
    expect(await readdir(empty)).toEqual([]);
  }, 120_000);
});

describe('the launcher', () => {
  it('runs by npx in the repository', async () => {
    expect((await output(['npx', 'fairlead', '--version'], { cwd: root, env })).trim()).toBe(packageVersion());
  }, 30_000);

  it('refuses an old Node with one sentence and status 3', async () => {
    const old = join(folder, 'old.mjs');
    const launcher = await readFile(join(root, 'bin/fairlead.js'), 'utf8');
    await writeFile(old, launcher.replaceAll('process.versions.node', '"20.20.2"').replace(/^#!.*\n/, ''));
    const ran = await runProcess([process.execPath, old]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/^fairlead needs Node\.js 22\.19 or newer, and this is Node\.js 20\.20\.2 .*\.\n$/);
  });
});
