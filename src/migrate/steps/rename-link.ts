/** Renaming a network device that is in use, so that a tunnel changes its owner without a gap. */
import { readLinks } from '../../node/facts/links.ts';
import { runOrThrow, type NodeShell } from '../../node/shell.ts';

export async function hasLink(shell: NodeShell, name: string): Promise<boolean> {
  return (await shell.run(['ip', 'link', 'show', 'dev', name])).code === 0;
}

/**
 * Renames a device while it is up; one that bears the new name already is fine. Kernels before 6.2 refuse that (EBUSY);
 * there it is taken down for the moment, which drops its routes, so `restore` puts them back. A run that was cut short
 * in between leaves it down under either name, and is finished here. Errors: EnvironmentError when neither name is there.
 */
export async function renameLink(shell: NodeShell, from: string, to: string, restore: () => Promise<void>): Promise<void> {
  if (await hasLink(shell, from)) {
    const live = await shell.run(['ip', 'link', 'set', 'dev', from, 'name', to]);
    if (live.code !== 0) {
      await runOrThrow(shell, ['ip', 'link', 'set', 'dev', from, 'down']);
      await runOrThrow(shell, ['ip', 'link', 'set', 'dev', from, 'name', to]);
    }
  }
  const links = await readLinks(shell);
  if (links.find((link) => link.name === to)?.up === true) return;
  await runOrThrow(shell, ['ip', 'link', 'set', 'dev', to, 'up']);
  await restore();
}
