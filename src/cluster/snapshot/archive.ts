/** The files of a gzipped tar as streams, read once and never written anywhere. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { createTarDecoder } from 'modern-tar';
import { InputError } from '../manifests/input-error.ts';
import { MAX_ARCHIVE_BYTES } from './limits.ts';

/** Calls `take` for every file whose name it is asked about and wants, in the archive's order. Errors: InputError for an archive that is damaged, cut off, too large, or has names that lead out of it. */
export async function readArchive(file: string, wants: (name: string) => boolean, take: (name: string, bytes: AsyncIterable<Uint8Array>) => Promise<void>): Promise<void> {
  const fault: { error?: unknown } = {};
  const source = unpacked(file, fault);
  const entries = (Readable.toWeb(Readable.from(source)) as unknown as ReadableStream<Uint8Array>).pipeThrough(createTarDecoder({ strict: true }));
  try {
    for await (const { header, body } of entries) {
      const name = header.name.replace(/^(\.\/)+/, '');
      if (name.startsWith('/') || name.split('/').includes('..')) throw new InputError(file, 1, `the archive has an entry ${JSON.stringify(header.name.slice(0, 200))}, which leads out of it`);
      const isFile = header.type === undefined || header.type === 'file';
      if (!isFile || !wants(name)) await body.cancel();
      else await take(name, body);
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    const cause = fault.error ?? error;
    throw new InputError(file, 1, `the archive is damaged or cut off: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** The tar inside, as far as it may grow. */
async function* unpacked(file: string, fault: { error?: unknown }): AsyncGenerator<Uint8Array> {
  let total = 0;
  const raw = createReadStream(file);
  const gunzip = createGunzip();
  raw.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const piece of raw.pipe(gunzip) as AsyncIterable<Uint8Array>) {
      total += piece.length;
      if (total > MAX_ARCHIVE_BYTES) throw new Error(`it unpacks to more than ${MAX_ARCHIVE_BYTES / 1024 ** 3} GiB`);
      yield piece;
    }
  } catch (error) {
    fault.error = error;
    throw error;
  } finally {
    raw.destroy();
    gunzip.destroy();
  }
}
