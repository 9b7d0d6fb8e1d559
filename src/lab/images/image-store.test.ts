import { readdir, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildImages } from './build.ts';
import type { ImageDefinition } from './definition.ts';
import { prepareImageStore } from './image-store.ts';
import { BASE_ENTRIES, busyboxEntries } from './rootfs.ts';
import { cloneImageStore } from './store-clone.ts';
import { PROGRAMS, canRunContainers, inScratch, treeDigest } from './testing.ts';
import { startTemporaryContainerd } from './temporary-containerd.ts';

const CGROUP = `/fairlead-image-store-test-${process.pid}`;

async function definitions(extra: string): Promise<ImageDefinition[]> {
  const base = [...BASE_ENTRIES, ...(await busyboxEntries({ shell: true }))];
  return [
    { reference: 'example.org/fairlead/one:1', entries: base, process: { env: [], entrypoint: ['/bin/sh'] } },
    { reference: 'example.org/fairlead/two:1', entries: [...base, { kind: 'text', path: '/etc/extra', text: extra, mode: 0o644 }], process: { env: [] } },
  ];
}

/** Runs a shell line in a container of the first image on a root; returns what it printed. */
async function runOn(root: string, script: string): Promise<string> {
  await using containerd = await startTemporaryContainerd(PROGRAMS, root);
  return await containerd.ctr(['run', '--rm', '--cgroup', `${CGROUP}/c`, '--snapshotter', 'overlayfs', 'example.org/fairlead/one:1', 'c', '/bin/sh', '-c', script]);
}

/** Control groups that a test's containers left in every hierarchy. */
async function removeCgroups(): Promise<void> {
  for (const hierarchy of ['', ...(await readdir('/sys/fs/cgroup'))]) {
    for (const path of [`${CGROUP}/c`, CGROUP]) await rmdir(join('/sys/fs/cgroup', hierarchy, path)).catch(() => undefined);
  }
}

describe.skipIf(!canRunContainers)('image store', { timeout: 120_000 }, () => {
  it('gives nodes stores of their own: what a container writes or removes changes neither template nor other node', async () => {
    await inScratch(async (scratch) => {
      const images = await buildImages(await definitions('x'), scratch);
      const template = await prepareImageStore({ images, programs: PROGRAMS, cacheDir: scratch });
      const before = await treeDigest(template);
      const [one, two] = [join(scratch, 'node-1/containerd'), join(scratch, 'node-2/containerd')];
      const { linked } = await cloneImageStore(template, one);
      await cloneImageStore(template, two);
      expect(linked).toBeGreaterThan(10);
      try {
        const script = 'echo intruder >> /etc/passwd && chmod 0600 /etc/group && rm /bin/busybox && echo done';
        expect(await runOn(one, script)).toBe('done\n');
        expect(await treeDigest(template)).toBe(before);
        expect(await runOn(two, 'cat /etc/passwd; stat -c %a /etc/group')).toMatch(/^root:(?![^]*intruder)[^]*\n644\n$/);
        expect(await runOn(one, 'cat /etc/passwd')).not.toContain('intruder');
        expect(await treeDigest(template)).toBe(before);
      } finally {
        await removeCgroups();
      }
    });
  });

  it('is not made when the work is stopped between two imports, and is made the next time', async () => {
    await inScratch(async (scratch) => {
      const images = await buildImages(await definitions('x'), scratch);
      const stop = new AbortController();
      const prepare = async (): Promise<string> => prepareImageStore({ images, programs: PROGRAMS, cacheDir: scratch, signal: stop.signal, onImport: () => stop.abort(new Error('stopped')) });
      await expect(prepare()).rejects.toThrow('stopped');
      expect(await readdir(join(scratch, 'image-store'))).toEqual([]);
      await prepareImageStore({ images, programs: PROGRAMS, cacheDir: scratch });
    });
  });

  it('keeps blobs and snapshots of its images when containerd collects garbage, and removes those of a removed image', async () => {
    await inScratch(async (scratch) => {
      const images = await buildImages(await definitions('x'), scratch);
      const root = join(scratch, 'root');
      await cloneImageStore(await prepareImageStore({ images, programs: PROGRAMS, cacheDir: scratch }), root);
      const layers = async (): Promise<number> => (await readdir(join(root, 'io.containerd.snapshotter.v1.overlayfs/snapshots'))).length;
      expect(await layers()).toBe(2);
      await using containerd = await startTemporaryContainerd(PROGRAMS, root);
      const second = images[1]!;
      await containerd.ctr(['images', 'remove', '--sync', second.reference, second.digests.config]);
      expect(await layers()).toBe(1);
      expect(await containerd.ctr(['images', 'check', '--snapshotter', 'overlayfs'])).toMatch(/one:1\s+\S+\s+\S+\s+complete[^\n]*true/);
    });
  });

  it('is made once, and from the last one when an image changed', async () => {
    await inScratch(async (scratch) => {
      const imported: string[] = [];
      const prepare = async (extra: string): Promise<string> => {
        const images = await buildImages(await definitions(extra), scratch);
        return await prepareImageStore({ images, programs: PROGRAMS, cacheDir: scratch, onImport: (reference) => imported.push(reference) });
      };
      const first = await prepare('x');
      const digest = await treeDigest(first);
      expect(await prepare('x')).toBe(first);
      expect(imported).toEqual(['example.org/fairlead/one:1', 'example.org/fairlead/two:1']);
      const second = await prepare('y');
      expect(second).not.toBe(first);
      expect(imported.slice(2)).toEqual(['example.org/fairlead/two:1']);
      expect(await treeDigest(first)).toBe(digest);
      expect((await readdir(join(second, 'io.containerd.snapshotter.v1.overlayfs/snapshots'))).length).toBe(2);
    });
  });

  it('starts from nothing when the last template is damaged', async () => {
    await inScratch(async (scratch) => {
      const broken = join(scratch, 'image-store', '0'.repeat(64));
      const images = await buildImages(await definitions('x'), scratch);
      const good = await prepareImageStore({ images, programs: PROGRAMS, cacheDir: join(scratch, 'other') });
      await cloneImageStore(good, broken);
      await writeFile(join(broken, 'io.containerd.metadata.v1.bolt/meta.db'), 'no database');
      const template = await prepareImageStore({ images, programs: PROGRAMS, cacheDir: scratch });
      expect((await stat(join(template, 'io.containerd.snapshotter.v1.overlayfs'))).isDirectory()).toBe(true);
    });
  });
});
