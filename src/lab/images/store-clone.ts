/** Gives a node its own containerd root from the image store template without copying the images. */
import type { Stats } from 'node:fs';
import { chmod, copyFile, link, lchown, lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { constants } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EnvironmentError } from '../../core/errors.ts';

export interface CloneResult {
  /** Files that share their bytes with the template. */
  linked: number;
  /** Files with bytes of their own. */
  copied: number;
}

/**
 * Makes `root` (which must not exist) a containerd root with the template's images. Blobs and unpacked files are
 * hard links: containerd never writes to a blob it has, and unpacked files are only ever lower layers of an overlay,
 * which the kernel copies up before the first write. Databases are real copies. Where hard links are impossible
 * (another file system) everything is copied. Appears whole, by rename. Errors: EnvironmentError when `root` exists.
 */
export async function cloneImageStore(template: string, root: string): Promise<CloneResult> {
  if ((await lstat(root).catch(() => undefined)) !== undefined) {
    throw new EnvironmentError(`the containerd root ${root} exists already; a clone of the image store needs a new directory`);
  }
  await mkdir(dirname(root), { recursive: true });
  const partial = join(dirname(root), `.${basename(root)}.${process.pid}.partial`);
  await rm(partial, { recursive: true, force: true });
  const result: CloneResult = { linked: 0, copied: 0 };
  try {
    await cloneTree(template, partial, result);
    await rename(partial, root);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  return result;
}

async function cloneTree(from: string, to: string, result: CloneResult): Promise<void> {
  const own = await lstat(from);
  await mkdir(to);
  for (const name of await readdir(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    const stats = await lstat(source);
    if (stats.isDirectory()) await cloneTree(source, target, result);
    else if (stats.isSymbolicLink()) await cloneSymlink(source, target, stats);
    else if (stats.isFile()) await cloneFile(source, target, stats, result);
    else throw new EnvironmentError(`image store: ${source} is neither file, directory nor symbolic link; make the image store anew`);
  }
  // Last, because a directory may be read-only.
  await lchown(to, own.uid, own.gid);
  await chmod(to, own.mode & 0o7777);
}

async function cloneSymlink(source: string, target: string, stats: Stats): Promise<void> {
  await symlink(await readlink(source), target);
  await lchown(target, stats.uid, stats.gid);
}

async function cloneFile(source: string, target: string, stats: Stats, result: CloneResult): Promise<void> {
  if (!isDatabase(source)) {
    try {
      await link(source, target);
      result.linked += 1;
      return;
    } catch (error) {
      // EXDEV: another file system. EMLINK: no more links to this file (65000 on ext4). EPERM: a file system without links.
      if (!['EXDEV', 'EMLINK', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  await copyFile(source, target, constants.COPYFILE_FICLONE);
  await lchown(target, stats.uid, stats.gid);
  await chmod(target, stats.mode & 0o7777);
  result.copied += 1;
}

/** containerd's bolt databases: metadata `meta.db` and the snapshotter's `metadata.db`, each in its plugin's directory. */
function isDatabase(path: string): boolean {
  return path.endsWith('.db') && basename(dirname(path)).startsWith('io.containerd.');
}
