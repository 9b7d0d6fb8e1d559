/** Files of a node while they are being written: a write goes to a neighbour first, which a crash can leave behind. */
import { runOrThrow, type NodeShell } from './shell.ts';

/** Where a file's new content lies until it is complete and renamed. */
export function partialOf(path: string): string {
  return `${path}.fairlead-new`;
}

/** Removes files that we wrote, and what a write of them that was cut short left. Files that are not there are fine. */
export async function removeFiles(shell: NodeShell, paths: readonly string[]): Promise<void> {
  if (paths.length > 0) await runOrThrow(shell, ['rm', '-f', '--', ...paths.flatMap((path) => [path, partialOf(path)])]);
}
