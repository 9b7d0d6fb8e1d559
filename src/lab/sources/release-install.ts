/** Brings a release into the cache: downloaded, checked against its published checksum, unpacked, renamed into place. */
import { createReadStream } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { unpackTar } from 'modern-tar/fs';
import { EnvironmentError } from '../../core/errors.ts';
import { checksumOf } from './checksums.ts';
import { DOWNLOAD_DEFAULTS, downloadTo, fetchText, sha256File, UnavailableError } from './download.ts';
import type { DownloadOptions } from './download.ts';
import { exists, flushDirectory } from './files.ts';
import { lockFile } from './lock.ts';
import { fileNameOf } from './names.ts';
import type { ComponentName } from './names.ts';
import type { OnSourceEvent } from './progress.ts';
import { releaseUrl } from './releases.ts';
import type { Release } from './releases.ts';

export interface InstallOptions {
  cacheDir: string;
  /** Base of a mirror; undefined for the official hosts. */
  base: string | undefined;
  goarch: string;
  onProgress: OnSourceEvent;
  signal?: AbortSignal | undefined;
  download?: Partial<Pick<DownloadOptions, 'answerWithinMs' | 'stallMs' | 'attempts'>>;
}

/** Where a release's programs are or would be. */
export function releaseDirectory(release: Release, options: Pick<InstallOptions, 'cacheDir' | 'goarch'>): string {
  return join(options.cacheDir, 'releases', `${release.name}-${release.version}-${options.goarch}`);
}

/**
 * The directory with a release's programs, downloading it when it is not in the cache.
 * Throws UnavailableError when file or checksum cannot be had (the caller may go elsewhere) and
 * EnvironmentError when the checksum is wrong, which no other source excuses.
 */
export async function installRelease(release: Release, options: InstallOptions): Promise<string> {
  const directory = releaseDirectory(release, options);
  if (await exists(directory)) return directory;
  const lock = await lockFile(`${directory}.lock`, {
    onWait: (holder) => options.onProgress({ kind: 'waiting', what: `the download of ${release.name}`, holder }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  try {
    if (await exists(directory)) return directory;
    const file = await fetchChecked(release, directory, options);
    const staging = `${directory}.unpacking`;
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { recursive: true });
    await unpack(release, file, staging);
    await flushDirectory(staging);
    await rename(staging, directory);
    await rm(file, { force: true });
    return directory;
  } finally {
    await lock.release();
  }
}

async function fetchChecked(release: Release, directory: string, options: InstallOptions): Promise<string> {
  const url = releaseUrl(release.file, options.base);
  const fileName = basename(release.file);
  const what = `${release.name} ${release.version}`;
  const download: DownloadOptions = { ...DOWNLOAD_DEFAULTS, ...options.download, signal: options.signal };
  const checksumUrl = releaseUrl(release.checksums, options.base);
  const expected = checksumOf(fileName, await fetchText(checksumUrl, download));
  if (expected === undefined) throw new UnavailableError(checksumUrl, `the checksum file does not list ${fileName}`);

  const partial = `${directory}.partial`;
  // A partial file may be left of something else; then the whole file gets one more chance.
  let resumed = await exists(partial);
  for (;;) {
    await downloadTo(url, partial, {
      ...download,
      onBytes: (receivedBytes, totalBytes) => options.onProgress({ kind: 'download', what, url, receivedBytes, totalBytes }),
      onResume: (fromByte, reason) => options.onProgress({ kind: 'download-resumed', what, url, fromByte, reason }),
    });
    const seen = await sha256File(partial);
    if (seen === expected) return partial;
    await rm(partial, { force: true });
    if (!resumed) throw wrongChecksum(url, checksumUrl, expected, seen);
    resumed = false;
  }
}

function wrongChecksum(url: string, checksumUrl: string, expected: string, seen: string): EnvironmentError {
  return new EnvironmentError(
    `${url} is not what was published: its SHA-256 is ${seen}, but ${checksumUrl} says ${expected}. The file was deleted.`,
    { hint: 'Check the release base (--release-base, FAIRLEAD_RELEASE_BASE) and whatever stands between it and this machine.' },
  );
}

async function unpack(release: Release, file: string, directory: string): Promise<void> {
  const members = [...release.programs].filter((entry): entry is [ComponentName, string] => entry[1] !== undefined);
  const [single] = release.programs.keys();
  if (members.length === 0 && single) {
    await rename(file, join(directory, fileNameOf(single)));
  } else {
    await extract(file, directory, new Map(members.map(([name, path]) => [path, fileNameOf(name)])));
  }
  for (const name of release.programs.keys()) {
    const path = join(directory, fileNameOf(name));
    if (!(await exists(path))) {
      throw new EnvironmentError(`${basename(release.file)} holds no ${release.programs.get(name)}, which it should.`);
    }
    await chmod(path, 0o755);
  }
}

/** Takes the named members (archive path → file name) out of a .tar.gz, and nothing else. */
async function extract(archive: string, directory: string, members: ReadonlyMap<string, string>): Promise<void> {
  const normalise = (path: string) => path.replace(/^\.\//, '');
  await pipeline(
    createReadStream(archive),
    createGunzip(),
    unpackTar(directory, {
      filter: (header) => header.type === 'file' && members.has(normalise(header.name)),
      map: (header) => ({ ...header, name: members.get(normalise(header.name)) ?? header.name }),
    }),
  );
}
