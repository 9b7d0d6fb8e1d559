/** Helpers for the tests of this folder: scratch directories, unpacked images, and whether real containers can run here. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ImageDefinition } from './definition.ts';
import { writeArchive } from './archive.ts';

export const execFileAsync = promisify(execFile);

/** Whether this machine can chroot: root on Linux. */
export const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

/** Debian's places; the tests that need them are skipped without. */
export const PROGRAMS = { containerd: '/usr/bin/containerd', ctr: '/usr/bin/ctr' };
export const canRunContainers = isRoot && [PROGRAMS.containerd, PROGRAMS.ctr, '/usr/sbin/runc'].every((path) => existsSync(path));

/** Runs `body` with a new directory that is removed afterwards. */
export async function inScratch<T>(body: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-images-test-'));
  try {
    return await body(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Writes the image's archive and unpacks its layer with the system's tar; returns the root directory. */
export async function unpackImage(definition: ImageDefinition, scratch: string): Promise<string> {
  const [archive, layout, root] = [join(scratch, 'image.tar'), join(scratch, 'layout'), join(scratch, 'root')];
  const { layer } = await writeArchive(definition, archive);
  await mkdir(layout);
  await mkdir(root);
  await execFileAsync('tar', ['-C', layout, '-xf', archive]);
  await execFileAsync('tar', ['-C', root, '-xpf', join(layout, 'blobs', layer.replace(':', '/'))]);
  return root;
}

/** Digest over names, kinds, modes, owners and contents of everything below a directory. */
export async function treeDigest(directory: string): Promise<string> {
  const hash = createHash('sha256');
  const walk = async (path: string): Promise<void> => {
    const stats = await lstat(path);
    hash.update(`${path.slice(directory.length)} ${stats.mode} ${stats.uid} ${stats.gid}\n`);
    if (stats.isSymbolicLink()) hash.update(await readlink(path));
    else if (stats.isFile()) hash.update(await readFile(path));
    else if (stats.isDirectory()) for (const name of (await readdir(path)).toSorted()) await walk(join(path, name));
  };
  await walk(directory);
  return hash.digest('hex');
}
