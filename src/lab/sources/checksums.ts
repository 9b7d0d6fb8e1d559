/** Reads the checksum files that projects publish beside their releases. Pure. */

/**
 * The SHA-256 (64 lower-case hex digits) of a file in a published checksum file, or undefined when
 * the file is not listed. Understood: a bare digest (dl.k8s.io `*.sha256`, which holds nothing else),
 * and lines `digest  name` or `digest *name` as sha256sum writes them, the name with or without folders.
 */
export function checksumOf(fileName: string, published: string): string | undefined {
  const bare = /^\s*([0-9a-fA-F]{64})\s*$/.exec(published);
  if (bare) return bare[1]!.toLowerCase();
  for (const line of published.split('\n')) {
    const listed = /^([0-9a-fA-F]{64})\s+\*?(\S.*?)\s*$/.exec(line);
    if (listed && listed[2]!.split('/').at(-1) === fileName) return listed[1]!.toLowerCase();
  }
  return undefined;
}
