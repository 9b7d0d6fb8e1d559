import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lookUp, searchPath } from './find.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fairlead-find-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A directory with one shell script. */
async function directoryWith(name: string, script: string, mode = 0o755): Promise<string> {
  const directory = await mkdtemp(join(root, 'd-'));
  await writeFile(join(directory, name), `#!/bin/sh\n${script}\n`, { mode });
  return directory;
}

test('the first usable binary is taken and those before it are passed over with a reason', async () => {
  const old = await directoryWith('etcd', 'echo "etcd Version: 3.3.25"');
  const good = await directoryWith('etcd', 'echo "etcd Version: 3.4.23"');
  const better = await directoryWith('etcd', 'echo "etcd Version: 3.5.21"');
  const alias = join(root, 'alias');
  await symlink(old, alias);
  expect(await lookUp('etcd', [root, old, alias, good, better])).toEqual({
    found: { path: join(good, 'etcd'), version: '3.4.23' },
    passedOver: [{ path: join(old, 'etcd'), reason: 'it is 3.3.25, but the lab needs 3.4.0 or newer' }],
  });
});

test('a version on stderr with a failing exit counts', async () => {
  const directory = await directoryWith('flanneld', 'echo v0.28.4 >&2; exit 1');
  expect((await lookUp('flanneld', [directory])).found?.version).toBe('0.28.4');
});

test('a binary that prints no version or does not start is passed over', async () => {
  const silent = await directoryWith('runc', 'echo hello');
  const broken = await directoryWith('runc', '');
  await writeFile(join(broken, 'runc'), '#!/nowhere/interpreter\n');
  expect((await lookUp('runc', [silent, broken])).passedOver.map(({ reason }) => reason)).toEqual([
    '`runc --version` printed no version of runc',
    'it cannot be run (ENOENT)',
  ]);
});

test('what is not executable or a directory is not there', async () => {
  const plain = await directoryWith('runc', 'echo', 0o644);
  await mkdir(join(plain, 'ctr'));
  expect(await lookUp('runc', [plain])).toEqual({ found: undefined, passedOver: [] });
  expect(await lookUp('ctr', [plain])).toEqual({ found: undefined, passedOver: [] });
});

test('a file called k3s is the genuine K3s, never the stand-in', async () => {
  const directory = await directoryWith('k3s', 'echo "k3s version v1.34.4+k3s1 (0123)"');
  expect((await lookUp('k3s-release', [directory])).found?.version).toBe('1.34.4+k3s1');
  expect((await lookUp('k3s', [directory])).found).toBeUndefined();
});

test('PATH is searched in its order, without relative entries, and sbin after it', () => {
  expect(searchPath('/b::bin:/usr/sbin:/a:/b')).toEqual(['/b', '/usr/sbin', '/a', '/usr/local/sbin', '/sbin']);
  expect(searchPath(undefined)).toEqual(['/usr/local/sbin', '/usr/sbin', '/sbin']);
});
