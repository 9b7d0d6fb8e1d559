import { readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildImages } from './build.ts';
import { pruneUnused } from './cache-prune.ts';
import type { ImageDefinition } from './definition.ts';
import { inScratch } from './testing.ts';

function definition(source: string): ImageDefinition {
  return { reference: 'example.org/a:1', entries: [{ kind: 'file', path: '/a', source, mode: 0o644 }], process: { env: [] } };
}

describe('buildImages', () => {
  it('writes an archive once and anew when an input changed', async () => {
    await inScratch(async (scratch) => {
      const source = join(scratch, 'a');
      await writeFile(source, 'one');
      const [first] = await buildImages([definition(source)], scratch);
      const written = await stat(first!.archive);
      const [again] = await buildImages([definition(source)], scratch);
      expect(again).toEqual(first);
      expect((await stat(again!.archive)).ino).toBe(written.ino);
      await writeFile(source, 'two!');
      const [changed] = await buildImages([definition(source)], scratch);
      expect(changed!.inputs).not.toBe(first!.inputs);
      expect(changed!.digests.layer).not.toBe(first!.digests.layer);
      expect((await readdir(join(scratch, 'images'))).filter((name) => !/^[0-9a-f]{64}\.(tar|json)$/.test(name))).toEqual([]);
    });
  });

  it('forgets what has not been used for days', async () => {
    await inScratch(async (scratch) => {
      const source = join(scratch, 'a');
      await writeFile(source, 'one');
      const [image] = await buildImages([definition(source)], scratch);
      const old = (Date.now() - 4 * 24 * 3600 * 1000) / 1000;
      await utimes(image!.archive, old, old);
      await pruneUnused(join(scratch, 'images'));
      await expect(stat(image!.archive)).rejects.toThrow('ENOENT');
      const [rebuilt] = await buildImages([definition(source)], scratch);
      expect(rebuilt!.digests).toEqual(image!.digests);
    });
  });
});
