import { lstat, readFile, readlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImageDefinition } from './definition.ts';
import { writeArchive } from './archive.ts';
import { execFileAsync, inScratch, unpackImage } from './testing.ts';

function definition(source: string): ImageDefinition {
  return {
    reference: 'example.org/fairlead/test:1',
    entries: [
      { kind: 'file', path: '/usr/bin/tool', source, mode: 0o755 },
      { kind: 'hardlink', path: '/usr/bin/tool-too', target: '/usr/bin/tool' },
      { kind: 'symlink', path: '/bin/tool', target: '../usr/bin/tool' },
      { kind: 'text', path: '/etc/motd', text: 'grüße\n', mode: 0o644 },
      { kind: 'text', path: '/etc/empty', text: '', mode: 0o600 },
      { kind: 'directory', path: '/tmp', mode: 0o1777 },
    ],
    process: { env: ['A=b'], entrypoint: ['/usr/bin/tool'], user: '65532', workdir: '/tmp' },
  };
}

describe('writeArchive', () => {
  it('gives the same bytes for the same content, whatever the times of the inputs', async () => {
    await inScratch(async (scratch) => {
      const source = join(scratch, 'tool');
      await writeFile(source, 'x'.repeat(3_000_000));
      const first = await writeArchive(definition(source), join(scratch, 'one.tar'));
      await utimes(source, 1, 2);
      const second = await writeArchive({ ...definition(source), entries: definition(source).entries.toReversed() }, join(scratch, 'two.tar'));
      expect(second).toEqual(first);
      expect((await readFile(join(scratch, 'two.tar'))).equals(await readFile(join(scratch, 'one.tar')))).toBe(true);
    });
  });

  it('stores files, links, modes and the process configuration', async () => {
    await inScratch(async (scratch) => {
      const source = join(scratch, 'tool');
      await writeFile(source, '#!/bin/sh\n');
      const root = await unpackImage(definition(source), scratch);
      expect(await readFile(join(root, 'usr/bin/tool'), 'utf8')).toBe('#!/bin/sh\n');
      expect((await lstat(join(root, 'usr/bin/tool'))).ino).toBe((await lstat(join(root, 'usr/bin/tool-too'))).ino);
      expect(await readlink(join(root, 'bin/tool'))).toBe('../usr/bin/tool');
      expect(await readFile(join(root, 'etc/motd'), 'utf8')).toBe('grüße\n');
      const { stdout } = await execFileAsync('stat', ['-c', '%a %Y', join(root, 'tmp'), join(root, 'usr/bin/tool'), join(root, 'etc/empty'), join(root, 'etc')]);
      expect(stdout.trim().split('\n')).toEqual(['1777 0', '755 0', '600 0', '755 0']);

      const index = JSON.parse(await readFile(join(scratch, 'layout/index.json'), 'utf8'));
      expect(index.manifests[0].annotations['io.containerd.image.name']).toBe('example.org/fairlead/test:1');
      const blob = async (digest: string): Promise<string> => await readFile(join(scratch, 'layout/blobs', digest.replace(':', '/')), 'utf8');
      const manifest = JSON.parse(await blob(index.manifests[0].digest));
      const config = JSON.parse(await blob(manifest.config.digest));
      expect(config.rootfs.diff_ids).toEqual([manifest.layers[0].digest]);
      expect(config.config).toEqual({ Env: [expect.stringMatching(/^PATH=/), 'A=b'], Entrypoint: ['/usr/bin/tool'], User: '65532', WorkingDir: '/tmp' });
    });
  });
});
