import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar/fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UnavailableError } from './download.ts';
import type { SourceEvent } from './progress.ts';
import { installRelease, releaseDirectory } from './release-install.ts';
import { checksumLine, startReleaseServer } from './release-server.test-support.ts';
import type { ReleaseServer } from './release-server.test-support.ts';
import type { Release } from './releases.ts';

const content = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7919) % 251));
const k3s: Release = {
  name: 'k3s-release',
  version: '1.0.0',
  file: 'example.test/v1/k3s',
  checksums: 'example.test/v1/sha256sum.txt',
  programs: new Map([['k3s-release', undefined]]),
};

let server: ReleaseServer;
let cacheDir: string;
let events: SourceEvent[];

beforeEach(async () => {
  server = await startReleaseServer();
  cacheDir = await mkdtemp(join(tmpdir(), 'fairlead-release-'));
  events = [];
  server.files.set(k3s.file, content);
  server.files.set(k3s.checksums, Buffer.from(checksumLine('other', Buffer.from('x')) + checksumLine('k3s', content)));
});
afterEach(async () => {
  await server.close();
  await rm(cacheDir, { recursive: true, force: true });
});

const options = (signal?: AbortSignal) => ({
  cacheDir,
  base: server.base,
  goarch: 'amd64',
  onProgress: (event: SourceEvent) => events.push(event),
  signal,
  download: { answerWithinMs: 300, stallMs: 300 },
});
/** What an interrupted download leaves. */
async function leavePartial(bytes: Buffer): Promise<void> {
  await mkdir(join(cacheDir, 'releases'), { recursive: true });
  await writeFile(`${releaseDirectory(k3s, { cacheDir, goarch: 'amd64' })}.partial`, bytes);
}

test('a good file is checked, made executable and kept', async () => {
  const directory = await installRelease(k3s, options());
  expect(await readFile(join(directory, 'k3s'))).toEqual(content);
  expect((await stat(join(directory, 'k3s'))).mode & 0o777).toBe(0o755);
  expect(events.at(-1)).toMatchObject({ kind: 'download', receivedBytes: content.length, totalBytes: content.length });
  expect((await readdir(join(cacheDir, 'releases'))).toSorted()).toEqual(['k3s-release-1.0.0-amd64', 'k3s-release-1.0.0-amd64.lock']);

  const before = server.requests.length;
  expect(await installRelease(k3s, options())).toBe(directory);
  expect(server.requests.length).toBe(before);
});

test('two at once download it once', async () => {
  await Promise.all([installRelease(k3s, options()), installRelease(k3s, options())]);
  expect(server.requests.filter((request) => request === k3s.file)).toHaveLength(1);
});

test('an archive gives its programs and nothing else', async () => {
  const programs = ['ctr', 'containerd', 'containerd-shim-runc-v2'] as const;
  const sources = [...programs, 'containerd-stress'].map((name) => ({
    type: 'content' as const,
    content: `program ${name}`,
    target: `./bin/${name}`,
    mode: 0o755,
  }));
  const archive = gzipSync(await buffer(packTar(sources)));
  const release: Release = {
    name: 'containerd',
    version: '1.0.0',
    file: 'example.test/c.tar.gz',
    checksums: 'example.test/c.tar.gz.sha256sum',
    programs: new Map(programs.map((name) => [name, `bin/${name}`])),
  };
  server.files.set(release.file, archive);
  server.files.set(release.checksums, Buffer.from(checksumLine('c.tar.gz', archive)));
  const directory = await installRelease(release, options());
  expect((await readdir(directory)).toSorted()).toEqual([...programs].toSorted());
  expect(await readFile(join(directory, 'ctr'), 'utf8')).toBe('program ctr');
});

test('an archive that lacks a program is an error that names it', async () => {
  const archive = gzipSync(await buffer(packTar([{ type: 'content', content: 'x', target: 'README' }])));
  const release: Release = { ...k3s, name: 'coredns', file: 'example.test/d.tgz', programs: new Map([['coredns', 'coredns']]) };
  server.files.set(release.file, archive);
  server.files.set(release.checksums, Buffer.from(checksumLine('d.tgz', archive)));
  await expect(installRelease(release, options())).rejects.toThrow('d.tgz holds no coredns');
});

test('a wrong checksum is an error with both digests, and the file is gone', async () => {
  server.files.set(k3s.checksums, Buffer.from(`${'0'.repeat(64)}  k3s\n`));
  const failure = await installRelease(k3s, options()).catch((error: unknown) => error);
  expect(failure).not.toBeInstanceOf(UnavailableError);
  expect(failure).toMatchObject({
    exitCode: 3,
    message: expect.stringMatching(/is not what was published: its SHA-256 is [0-9a-f]{64}, but .*sha256sum.txt says 0{64}/),
  });
  expect(await readdir(join(cacheDir, 'releases'))).toEqual(['k3s-release-1.0.0-amd64.lock']);
});

test('a cut connection is taken up where it broke', async () => {
  const heard = Promise.withResolvers<void>();
  server.cutOnce.set(k3s.file, { bytes: 70_000, when: heard.promise });
  const directory = await installRelease(k3s, {
    ...options(),
    onProgress: (event) => {
      events.push(event);
      if (event.kind === 'download' && event.receivedBytes === 70_000) heard.resolve();
    },
  });
  expect(await readFile(join(directory, 'k3s'))).toEqual(content);
  expect(events.find((event) => event.kind === 'download-resumed')).toMatchObject({ fromByte: 70_000, reason: 'the connection was cut' });
  expect(server.requests.slice(-2)).toEqual([k3s.file, `${k3s.file} bytes=70000-`]);
});

test('a connection that is cut without bringing anything is not taken up for ever', async () => {
  server.cutOnce.set(k3s.file, { bytes: 0, when: Promise.resolve() });
  await expect(installRelease(k3s, options())).rejects.toBeInstanceOf(UnavailableError);
  expect(server.requests.filter((request) => request.startsWith(k3s.file))).toHaveLength(1);
});

test.each([true, false])('an earlier run is taken up (server knows Range: %s)', async (ranges) => {
  server.ranges = ranges;
  await leavePartial(content.subarray(0, 1000));
  const directory = await installRelease(k3s, options());
  expect(await readFile(join(directory, 'k3s'))).toEqual(content);
  expect(server.requests.at(-1)).toBe(`${k3s.file} bytes=1000-`);
});

test.each([
  ['whole already', content],
  ['of something else', Buffer.alloc(1000, 1)],
  ['longer than the file', Buffer.alloc(300_000, 1)],
])('a partial file that is %s ends in the right file', async (_, left) => {
  await leavePartial(left);
  const directory = await installRelease(k3s, options());
  expect(await readFile(join(directory, 'k3s'))).toEqual(content);
});

test.each([
  ['a missing file', () => server.files.delete(k3s.file), 'the server answered 404'],
  ['a missing checksum file', () => server.files.delete(k3s.checksums), 'the server answered 404'],
  ['a checksum file without it', () => server.files.set(k3s.checksums, Buffer.from('nothing')), 'does not list k3s'],
  ['a server that does not answer', () => server.silent.add(k3s.file), 'no answer within 300 ms'],
])('%s is "not available", for another source to serve', async (_, misbehave, reason) => {
  misbehave();
  const failure = await installRelease(k3s, options()).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UnavailableError);
  expect((failure as UnavailableError).message).toMatch(new RegExp(reason));
});

test('a refused connection is "not available", and so is its host', async () => {
  await server.close();
  await expect(installRelease(k3s, options())).rejects.toMatchObject({ name: 'UnavailableError', hostDown: true });
  server = await startReleaseServer();
});

test('aborting ends a download', async () => {
  server.silent.add(k3s.file);
  const controller = new AbortController();
  const install = installRelease(k3s, options(controller.signal));
  controller.abort(new Error('interrupted'));
  await expect(install).rejects.toThrow('interrupted');
});
