/** Writes an image as an OCI image-layout tar that `ctr images import` takes (OCI image-spec v1, image-layout.md). */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { packTar } from 'modern-tar/fs';
import { UsageError } from '../../core/errors.ts';
import { DEFAULT_PATH } from './definition.ts';
import type { ImageDefinition } from './definition.ts';
import { blobSize, layerStream } from './layer.ts';
import type { BlobSize } from './layer.ts';

const MEDIA = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
};

const EPOCH = new Date(0);

export interface ArchiveDigests {
  manifest: string;
  /** The image id that CRI shows. */
  config: string;
  layer: string;
}

/** Writes the archive to `file`, reading every input file twice (once for its digest). Returns the digests, which depend on content alone. */
export async function writeArchive(definition: ImageDefinition, file: string): Promise<ArchiveDigests> {
  const layer = await blobSize(layerStream(definition));
  const config = jsonBlob(imageConfig(definition, layer));
  const manifest = jsonBlob({
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config: { mediaType: MEDIA.config, digest: config.digest, size: config.size },
    layers: [{ mediaType: MEDIA.layer, digest: layer.digest, size: layer.size }],
  });
  const index = jsonBlob({
    schemaVersion: 2,
    mediaType: MEDIA.index,
    manifests: [
      {
        mediaType: MEDIA.manifest,
        digest: manifest.digest,
        size: manifest.size,
        // containerd names the imported image after the first, other tools after the second.
        annotations: { 'io.containerd.image.name': definition.reference, 'org.opencontainers.image.ref.name': definition.reference },
      },
    ],
  });
  const text = (target: string, content: string) => ({ type: 'content', content, target, mode: 0o644, mtime: EPOCH }) as const;
  const archive = packTar([
    text('oci-layout', '{"imageLayoutVersion":"1.0.0"}'),
    text('index.json', index.bytes),
    text(blobPath(manifest), manifest.bytes),
    text(blobPath(config), config.bytes),
    { type: 'stream', content: layerStream(definition), size: layer.size, target: blobPath(layer), mode: 0o644, mtime: EPOCH },
  ]);
  await pipeline(archive, createWriteStream(file));
  return { manifest: manifest.digest, config: config.digest, layer: layer.digest };
}

function imageConfig(definition: ImageDefinition, layer: BlobSize): object {
  const { env, entrypoint, cmd, user, workdir } = definition.process;
  return {
    architecture: ociArchitecture(),
    os: 'linux',
    config: {
      Env: env.some((variable) => variable.startsWith('PATH=')) ? env : [DEFAULT_PATH, ...env],
      ...(entrypoint && { Entrypoint: entrypoint }),
      ...(cmd && { Cmd: cmd }),
      ...(user !== undefined && { User: user }),
      ...(workdir !== undefined && { WorkingDir: workdir }),
    },
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  };
}

/** OCI's name (Go's GOARCH) of this machine's processor. */
function ociArchitecture(): string {
  const name = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  if (name === undefined) throw new UsageError(`the lab's images can be made on amd64 and arm64, not on ${process.arch}`);
  return name;
}

function jsonBlob(value: object): BlobSize & { bytes: string } {
  const bytes = JSON.stringify(value);
  return { bytes, size: Buffer.byteLength(bytes), digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` };
}

function blobPath(blob: BlobSize): string {
  return `blobs/${blob.digest.replace(':', '/')}`;
}
