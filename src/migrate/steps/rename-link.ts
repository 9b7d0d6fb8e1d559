/** Renaming a network device that is in use, so that a tunnel changes its owner without a gap. */
import { runOrThrow, type NodeShell } from '../../node/shell.ts';

export async function hasLink(shell: NodeShell, name: string): Promise<boolean> {
  return (await shell.run(['ip', 'link', 'show', 'dev', name])).code === 0;
}

/**
 * Renames a device while it is up. Kernels before 6.2 refuse that (EBUSY); there it is taken down for the moment, which
 * drops its routes, so `restore` puts them back. Returns how it was done.
 */
export async function renameLink(shell: NodeShell, from: string, to: string, restore: () => Promise<void>): Promise<'live' | 'down-and-up'> {
  const live = await shell.run(['ip', 'link', 'set', 'dev', from, 'name', to]);
  if (live.code === 0) return 'live';
  await runOrThrow(shell, ['ip', 'link', 'set', 'dev', from, 'down']);
  await runOrThrow(shell, ['ip', 'link', 'set', 'dev', from, 'name', to]);
  await runOrThrow(shell, ['ip', 'link', 'set', 'dev', to, 'up']);
  await restore();
  return 'down-and-up';
}
