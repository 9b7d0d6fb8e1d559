/** What an image of the lab consists of: local files, generated text, links, and how its program starts. */
import { posix } from 'node:path';
import { UsageError } from '../../core/errors.ts';

/** One entry of an image's root file system; `path` is absolute inside the image, `mode` the permission bits. */
export type ImageEntry =
  | { kind: 'file'; path: string; source: string /* file on this machine */; mode: number }
  | { kind: 'text'; path: string; text: string; mode: number }
  | { kind: 'symlink'; path: string; target: string }
  /** A second name of a `file` or `text` entry, so that a program with two names is stored once. */
  | { kind: 'hardlink'; path: string; target: string }
  | { kind: 'directory'; path: string; mode: number };

/** How the image's program starts; the fields of the OCI image configuration with the same names. */
export interface ImageProcess {
  env: readonly string[];
  entrypoint?: readonly string[];
  cmd?: readonly string[];
  /** `uid` or `uid:gid`; root when absent. */
  user?: string;
  workdir?: string;
}

export interface ImageDefinition {
  /** Full reference as manifests write it, with registry and tag. */
  reference: string;
  entries: readonly ImageEntry[];
  process: ImageProcess;
}

/** Search path given to every image, so that programs are found whatever the runtime's default is. */
export const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The entries in the order in which a layer stores them: parents made where missing (mode 0755), sorted by
 * path, hard links last because their target must be there first. Equal duplicates are merged, which is
 * what happens when two programs share a library. Errors: UsageError for two different entries at one path
 * or a hard link without target.
 */
export function orderedEntries(entries: readonly ImageEntry[]): ImageEntry[] {
  const byPath = new Map<string, ImageEntry>();
  for (const entry of entries) {
    const path = posix.normalize(entry.path);
    if (!path.startsWith('/') || path === '/') throw new UsageError(`image entry ${entry.path}: an absolute path below / is needed`);
    const normal = { ...entry, path };
    const before = byPath.get(path);
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(normal)) {
      throw new UsageError(`image entry ${path} is defined twice: ${JSON.stringify(before)} and ${JSON.stringify(normal)}`);
    }
    byPath.set(path, normal);
  }
  for (const path of byPath.keys()) {
    for (let parent = posix.dirname(path); parent !== '/'; parent = posix.dirname(parent)) {
      if (!byPath.has(parent)) byPath.set(parent, { kind: 'directory', path: parent, mode: 0o755 });
    }
  }
  for (const entry of byPath.values()) {
    if (entry.kind !== 'hardlink') continue;
    const target = byPath.get(entry.target);
    if (target?.kind !== 'file' && target?.kind !== 'text') throw new UsageError(`image entry ${entry.path}: there is no file ${entry.target} to link to`);
  }
  const rank = (entry: ImageEntry): number => (entry.kind === 'hardlink' ? 1 : 0);
  return [...byPath.values()].toSorted((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
}
