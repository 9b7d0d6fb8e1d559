import { appendFile, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { existsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cloneImageStore } from './store-clone.ts';
import { inScratch, treeDigest } from './testing.ts';

async function makeTemplate(scratch: string): Promise<string> {
  const template = join(scratch, 'template');
  const metadata = join(template, 'io.containerd.metadata.v1.bolt');
  const files = join(template, 'io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs');
  await mkdir(metadata, { recursive: true });
  await mkdir(files, { recursive: true, mode: 0o750 });
  await writeFile(join(metadata, 'meta.db'), 'database');
  await writeFile(join(files, 'rpmdb.db'), 'a file of an image');
  await writeFile(join(files, 'tool'), 'program', { mode: 0o4755 });
  await symlink('tool', join(files, 'link'));
  return template;
}

const otherFileSystem = existsSync('/dev/shm') && statSync('/dev/shm').dev !== statSync(tmpdir()).dev;

describe('cloneImageStore', () => {
  it('links image files, copies databases and keeps modes', async () => {
    await inScratch(async (scratch) => {
      const template = await makeTemplate(scratch);
      const before = await treeDigest(template);
      const clone = join(scratch, 'node/containerd');
      expect(await cloneImageStore(template, clone)).toEqual({ linked: 2, copied: 1 });
      expect(await treeDigest(clone)).toBe(before);
      await appendFile(join(clone, 'io.containerd.metadata.v1.bolt/meta.db'), ' of the node');
      expect(await treeDigest(template)).toBe(before);
    });
  });

  it('refuses a root that exists', async () => {
    await inScratch(async (scratch) => {
      const template = await makeTemplate(scratch);
      await expect(cloneImageStore(template, scratch)).rejects.toThrow('exists already');
    });
  });

  it.skipIf(!otherFileSystem)('copies everything to another file system', async () => {
    const other = await mkdtemp('/dev/shm/fairlead-clone-test-');
    try {
      await inScratch(async (scratch) => {
        const template = await makeTemplate(scratch);
        const clone = join(other, 'containerd');
        expect(await cloneImageStore(template, clone)).toEqual({ linked: 0, copied: 3 });
        expect(await treeDigest(clone)).toBe(await treeDigest(template));
        expect((await stat(join(clone, 'io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs/tool'))).mode & 0o7777).toBe(0o4755);
        expect(await readFile(join(clone, 'io.containerd.metadata.v1.bolt/meta.db'), 'utf8')).toBe('database');
      });
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });
});
