/** Follows the configuration: the highest revision among some files, checked by polling (ConfigMap mounts exchange links, which watches miss). */
import { readFile, stat } from 'node:fs/promises';
import { parseMeshConfig } from './config.ts';
import type { MeshConfig } from './config.ts';

/** Between two looks at the files: what a pushed change takes at most to be seen. */
const POLL_MS = 250;

export interface ConfigFollower {
  close(): void;
}

/** The highest revision that can be read right now. Errors: that of the last unreadable file when none can be. */
export async function readConfig(files: readonly string[]): Promise<MeshConfig> {
  let best: MeshConfig | undefined;
  let problem: unknown = new Error('no configuration file is named');
  for (const file of files) {
    try {
      const config = parseMeshConfig(await readFile(file, 'utf8'));
      if (!best || config.revision > best.revision) best = config;
    } catch (error) {
      problem = error;
    }
  }
  if (!best) throw problem;
  return best;
}

/** Calls back with every configuration of a higher revision than before; a file that cannot be read now is tried again. */
export function followConfig(files: readonly string[], after: number, changed: (config: MeshConfig) => void): ConfigFollower {
  let revision = after;
  let seen = '';
  let closed = false;
  const look = async (): Promise<void> => {
    const marks = await Promise.all(files.map((file) => stat(file).then((s) => `${s.ino}:${s.size}:${s.mtimeMs}`, () => '-')));
    if (marks.join() === seen) return;
    const config = await readConfig(files).catch(() => undefined);
    // A file caught half written stays marked as unseen.
    if (!config) return;
    seen = marks.join();
    if (closed || config.revision <= revision) return;
    revision = config.revision;
    changed(config);
  };
  let timer = setTimeout(function again() {
    void look().finally(() => {
      if (!closed) timer = setTimeout(again, POLL_MS);
    });
  }, POLL_MS);
  return {
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}
