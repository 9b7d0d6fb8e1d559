/** The image store template: a containerd root with all images imported and unpacked, made once per set of images. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuiltImage } from './build.ts';
import { markUsed, pruneUnused } from './cache-prune.ts';
import { cloneImageStore } from './store-clone.ts';
import { startTemporaryContainerd } from './temporary-containerd.ts';
import type { ContainerdPrograms, TemporaryContainerd } from './temporary-containerd.ts';

export interface ImageStoreOptions {
  images: readonly BuiltImage[];
  programs: ContainerdPrograms;
  cacheDir: string;
  /** Called before each import, for progress. */
  onImport?: (reference: string, done: number, total: number) => void;
  /** Ends the work before the next import; what was imported until then is dropped. */
  signal?: AbortSignal;
}

/** CRI's mark on images it manages (containerd pkg/cri/store/image); without it CRI would set it at every start. */
const MANAGED = 'io.cri-containerd.image=managed';

/**
 * Returns the directory of the template, made if it is not there: `<cacheDir>/image-store/<digest of the images>`.
 * It is never written to afterwards; nodes get clones (store-clone.ts). Images are garbage collection roots, so
 * their blobs and snapshots stay as long as the images are there. Errors: EnvironmentError when containerd fails, the signal's reason when aborted.
 */
export async function prepareImageStore(options: ImageStoreOptions): Promise<string> {
  const parent = join(options.cacheDir, 'image-store');
  const template = join(parent, await storeDigest(options));
  if (await isDirectory(template)) {
    await markUsed(template);
    return template;
  }
  await mkdir(parent, { recursive: true });
  await removeStale(parent);
  const partial = join(parent, `.${process.pid}.partial`);
  await rm(partial, { recursive: true, force: true });
  try {
    await fillStore(options, partial, await newestTemplate(parent));
    await rm(join(partial, 'io.containerd.content.v1.content', 'ingest'), { recursive: true, force: true });
    await publish(partial, template);
    await pruneUnused(parent);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return template;
}

/** Starts from an older template to save time; when that is of no use (it was damaged), everything is imported. */
async function fillStore(options: ImageStoreOptions, partial: string, base: string | undefined): Promise<void> {
  if (base !== undefined) {
    try {
      await cloneImageStore(base, partial);
      await importMissing(options, partial);
      return;
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      if (options.signal?.aborted === true) throw error;
    }
  }
  await importMissing(options, partial);
}

/** Brings the root to exactly the wanted images: what an older template has already is not imported again. */
async function importMissing(options: ImageStoreOptions, root: string): Promise<void> {
  await using containerd = await startTemporaryContainerd(options.programs, root);
  const present = await imagesIn(containerd);
  const wanted = new Map(options.images.flatMap(({ reference, digests }) => [[reference, digests.manifest], [digests.config, digests.manifest]] as const));
  const unwanted = [...present].filter(([name, digest]) => wanted.get(name) !== digest).map(([name]) => name);
  if (unwanted.length > 0) await containerd.ctr(['images', 'remove', '--sync', ...unwanted]);
  const missing = options.images.filter(({ reference, digests }) => present.get(reference) !== digests.manifest || present.get(digests.config) !== digests.manifest);
  for (const [done, image] of missing.entries()) {
    options.signal?.throwIfAborted();
    options.onImport?.(image.reference, done, missing.length);
    await containerd.ctr(['images', 'import', '--snapshotter', 'overlayfs', image.archive]);
    // CRI finds an image by its id too: a second name, the digest of the configuration.
    await containerd.ctr(['images', 'tag', '--force', image.reference, image.digests.config]);
    await containerd.ctr(['images', 'label', image.reference, MANAGED]);
    await containerd.ctr(['images', 'label', image.digests.config, MANAGED]);
  }
}

/** Name → manifest digest of the images that are there, from the table of `ctr images list` (REF TYPE DIGEST …). */
async function imagesIn(containerd: TemporaryContainerd): Promise<Map<string, string>> {
  const rows = (await containerd.ctr(['images', 'list'])).trim().split('\n').slice(1);
  return new Map(rows.map((row) => row.split(/\s+/)).map(([name = '', , digest = '']) => [name, digest]));
}

/** The template to start from, if any: the one used last. */
async function newestTemplate(parent: string): Promise<string | undefined> {
  const candidates: { path: string; used: number }[] = [];
  for (const name of await readdir(parent)) {
    if (!/^[0-9a-f]{64}$/.test(name)) continue;
    const path = join(parent, name);
    candidates.push({ path, used: (await stat(path)).mtimeMs });
  }
  return candidates.toSorted((a, b) => b.used - a.used)[0]?.path;
}

async function storeDigest(options: ImageStoreOptions): Promise<string> {
  const { size, mtimeMs } = await stat(options.programs.containerd);
  const images = options.images.map(({ reference, digests }) => `${reference} ${digests.manifest}`).toSorted();
  return createHash('sha256').update(JSON.stringify([1, images, options.programs.containerd, size, mtimeMs])).digest('hex');
}

/** Another process may have made the same template meanwhile: then its one stays. */
async function publish(partial: string, template: string): Promise<void> {
  try {
    await rename(partial, template);
  } catch (error) {
    if (!(await isDirectory(template))) throw error;
  }
}

/** Removes what killed processes left behind. A pid that is taken by somebody else only delays the cleaning. */
async function removeStale(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /^\.(\d+)\.partial$/.exec(name)?.[1];
    if (pid !== undefined && !(await isDirectory(`/proc/${pid}`))) await rm(join(parent, name), { recursive: true, force: true });
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
