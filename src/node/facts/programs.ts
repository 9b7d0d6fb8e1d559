/** Which programs a node has, and where: hosts differ, and a missing tool is a finding, not a crash. */
import { runOrThrow, type NodeShell } from '../shell.ts';

/** A constant script: names come as arguments, so that no data is ever read as shell code. Login PATHs of plain users lack the sbin directories. */
const script = 'PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin"; for p in "$@"; do q=$(command -v -- "$p") && printf "%s\\t%s\\n" "$p" "$q"; done; true';

/** Absolute paths of those of `names` that the node has. Errors: EnvironmentError when the node cannot be reached. */
export async function findPrograms(shell: NodeShell, names: readonly string[]): Promise<Map<string, string>> {
  const out = await runOrThrow(shell, ['sh', '-c', script, 'sh', ...names]);
  const found = new Map<string, string>();
  for (const line of out.split('\n')) {
    const [name, path] = line.split('\t');
    if (name !== undefined && path !== undefined) found.set(name, path);
  }
  return found;
}
