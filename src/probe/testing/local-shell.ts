/** A NodeShell onto this machine, for tests of what works through shells. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { runProcess } from '../../core/process.ts';
import type { NodeShell } from '../../node/shell.ts';

/** Runs on this very machine under a node's name. */
export function localShell(node: string): NodeShell {
  return {
    node,
    run: async (argv, options = {}) => {
      const { code, stdout, stderr } = await runProcess(argv, { timeoutMs: 30_000, ...options });
      return { code, stdout: Buffer.from(stdout).toString(), stderr };
    },
    read: (path) => readFile(path).catch(() => undefined),
    write: async (path, bytes, mode = 0o644) => {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(`${path}.new`, bytes, { mode });
      await rename(`${path}.new`, path);
    },
  };
}
