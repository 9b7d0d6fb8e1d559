import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { goArchitecture } from './go-toolchain.ts';
import type { SourceEvent } from './progress.ts';
import { checksumLine, startReleaseServer } from './release-server.test-support.ts';
import type { ReleaseServer } from './release-server.test-support.ts';
import { releaseOf } from './releases.ts';
import { findK3s, listComponents, resolveComponents } from './resolve.ts';
import type { ResolveOptions } from './resolve.ts';

let root: string;
let server: ReleaseServer;
let events: SourceEvent[];
let options: ResolveOptions;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fairlead-resolve-'));
  server = await startReleaseServer();
  events = [];
  // The lab's own module, cut down to two programs that need nothing of the standard library.
  for (const program of ['relay', 'shop']) {
    await mkdir(join(root, 'modules', 'node', 'cmd', program), { recursive: true });
    await writeFile(join(root, 'modules', 'node', 'cmd', program, 'main.go'), `package main\n\nfunc main() { println("${program}") }\n`);
  }
  await writeFile(join(root, 'modules', 'node', 'go.mod'), 'module lab\n\ngo 1.26\n');
  options = {
    cacheDir: join(root, 'cache'),
    path: join(root, 'path'),
    componentsRoot: join(root, 'modules'),
    onProgress: (event) => events.push(event),
    download: { answerWithinMs: 300, stallMs: 300 },
  };
});
afterEach(async () => {
  await server.close();
  await rm(root, { recursive: true, force: true });
});

async function put(folder: string, name: string, prints: string): Promise<string> {
  await mkdir(join(root, folder), { recursive: true });
  await writeFile(join(root, folder, name), `#!/bin/sh\necho '${prints}'\n`, { mode: 0o755 });
  return join(root, folder, name);
}

function publish(name: 'k3s-release' | 'kubectl', content: string, checksumOf = content): string {
  const release = releaseOf(name, goArchitecture())!;
  server.files.set(release.file, Buffer.from(content));
  server.files.set(release.checksums, Buffer.from(checksumLine(release.file.split('/').at(-1)!, Buffer.from(checksumOf))));
  return release.file;
}

test("the user's directory comes before PATH, and PATH before a release", async () => {
  const given = await put('given', 'etcd', 'etcd Version: 3.5.0');
  await put('path', 'etcd', 'etcd Version: 3.4.23');
  const onPath = await put('path', 'kubectl', 'Client Version: v1.34.9');
  const sources = await resolveComponents(['etcd', 'kubectl'], { ...options, directory: join(root, 'given'), releaseBase: server.base });
  expect([...sources.values()]).toEqual([
    { name: 'etcd', from: 'directory', path: given, version: '3.5.0' },
    { name: 'kubectl', from: 'path', path: onPath, version: '1.34.9' },
  ]);
  expect(server.requests).toEqual([]);
});

test('a PATH binary of the wrong version is passed over, and the release serves', async () => {
  const old = await put('path', 'kubectl', 'Client Version: v1.32.4');
  publish('kubectl', 'the release');
  const sources = await resolveComponents(['kubectl'], { ...options, releaseBase: server.base });
  expect(sources.get('kubectl')).toMatchObject({ from: 'release', version: '1.34.4' });
  expect(await readFile(sources.get('kubectl')!.path, 'utf8')).toBe('the release');
  expect(events[0]).toEqual({
    kind: 'passed-over',
    component: 'kubectl',
    path: old,
    reason: 'it is 1.32.4, but the lab needs 1.34.x',
  });
});

test('nothing is asked of any server unless releases are wanted', async () => {
  await expect(resolveComponents(['etcd', 'runc'], { ...options, path: join(root, 'path') })).rejects.toThrow(/etcd: not found on PATH/);
  expect(server.requests).toEqual([]);
});

test('a wrong checksum is an error, never a reason to go elsewhere', async () => {
  publish('kubectl', 'tampered', 'published');
  await expect(resolveComponents(['kubectl'], { ...options, releaseBase: server.base })).rejects.toThrow('is not what was published');
});

test('what cannot be had says where it was looked for and what to do', async () => {
  const old = await put('path', 'etcd', 'etcd Version: 3.3.1');
  await server.close();
  const failure = await resolveComponents(['etcd', 'k3s-release'], { ...options, releaseBase: server.base }).catch((error: unknown) => error);
  server = await startReleaseServer();
  expect(failure).toMatchObject({
    exitCode: 3,
    message: expect.stringContaining(`etcd: ${old} is not used: it is 3.3.1, but the lab needs 3.4.0 or newer; release not available: `),
    hint: 'Install it (Debian: apt-get install etcd-server), or give it with --components DIR.',
  });
  // A host that does not answer is asked once.
  expect(events.filter((event) => event.kind === 'release-unavailable')).toHaveLength(1);
});

test('own programs are built from the module, once, when no release holds them', { timeout: 120_000 }, async () => {
  const sources = await resolveComponents(['relay', 'shop'], { ...options, releaseBase: server.base });
  expect([...sources.values()]).toMatchObject([
    { name: 'relay', from: 'built', version: 'own' },
    { name: 'shop', from: 'built', version: 'own' },
  ]);
  expect(events.filter((event) => event.kind === 'build-finished')).toHaveLength(1);
  const outlook = await listComponents(options, ['relay', 'etcd']);
  expect(outlook).toMatchObject([
    { name: 'relay', outlook: 'there', source: sources.get('relay') },
    { name: 'etcd', outlook: 'cannot be had' },
  ]);
});

test('listComponents tells what would happen and does nothing', async () => {
  expect(await listComponents(options, ['shop'])).toMatchObject([{ outlook: 'would be built', source: undefined }]);
  expect(await listComponents({ ...options, releaseBase: server.base }, ['kubectl'])).toMatchObject([{ outlook: 'would be downloaded' }]);
  expect(server.requests).toEqual([]);
});

test('K3s: the given file, or a release, or none; a wrong given file is a usage error', async () => {
  expect(await findK3s(options)).toBeUndefined();
  publish('k3s-release', 'genuine');
  expect(await findK3s({ ...options, releaseBase: server.base })).toMatchObject({ from: 'release', version: '1.34.4+k3s1' });
  const given = await put('given', 'my-k3s', 'k3s version v1.34.2+k3s1 (0123)');
  expect(await findK3s({ ...options, k3s: given })).toMatchObject({ path: given, version: '1.34.2+k3s1' });
  const other = await put('given', 'old-k3s', 'k3s version v1.29.0+k3s1 (0123)');
  await expect(findK3s({ ...options, k3s: other })).rejects.toMatchObject({
    exitCode: 2,
    message: `--k3s ${other} cannot be used: it is 1.29.0+k3s1, but the lab needs 1.34.x.`,
  });
});
