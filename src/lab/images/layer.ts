/** An image's root file system as one uncompressed tar stream: the same inputs give the same bytes. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { packTar } from 'modern-tar/fs';
import type { TarSource } from 'modern-tar/fs';
import { orderedEntries } from './definition.ts';
import type { ImageDefinition, ImageEntry } from './definition.ts';

export interface BlobSize {
  /** `sha256:…` of the bytes. */
  digest: string;
  /** Bytes. */
  size: number;
}

/** Owner and times of everything in a layer: root and the epoch, so that neither the builder nor the day shows. */
const FIXED = { uid: 0, gid: 0, mtime: new Date(0) };

/**
 * The layer's tar stream. Not compressed: the images never cross a network, and containerd would only spend
 * time on unpacking. May be called several times; every call reads the files anew.
 */
export function layerStream(definition: ImageDefinition): Readable {
  const entries = orderedEntries(definition.entries);
  const links = new Map(entries.filter((entry) => entry.kind === 'symlink' || entry.kind === 'hardlink').map((entry) => [entry.path.slice(1), entry]));
  return packTar(entries.map(tarSource), {
    // One file at a time: the entries must stay in order whichever file is read first.
    concurrency: 1,
    map: (header) => {
      const link = links.get(header.name);
      if (link?.kind === 'symlink') return { ...header, type: 'symlink', linkname: link.target };
      if (link?.kind === 'hardlink') return { ...header, type: 'link', linkname: link.target.slice(1) };
      return header;
    },
  });
}

function tarSource(entry: ImageEntry): TarSource {
  const target = entry.path.slice(1);
  switch (entry.kind) {
    case 'file':
      return { ...FIXED, type: 'file', source: entry.source, target, mode: entry.mode };
    case 'text':
      return { ...FIXED, type: 'content', content: entry.text, target, mode: entry.mode };
    case 'directory':
      return { ...FIXED, type: 'content', content: '', target: `${target}/`, mode: entry.mode };
    case 'symlink':
      return { ...FIXED, type: 'content', content: '', target, mode: 0o777 };
    case 'hardlink':
      return { ...FIXED, type: 'content', content: '', target, mode: 0o755 };
  }
}

/** Digest and size of a stream, which is read to its end. */
export async function blobSize(stream: AsyncIterable<Uint8Array>): Promise<BlobSize> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    size += chunk.byteLength;
  }
  return { digest: `sha256:${hash.digest('hex')}`, size };
}
