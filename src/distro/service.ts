/** systemd services of a host. */
import { waitUntil } from '../cluster/wait.ts';
import { EnvironmentError } from '../core/errors.ts';
import type { NodeShell } from '../node/shell.ts';

/** Those of `paths` that exist on a host. */
export async function existing(shell: NodeShell, paths: readonly string[]): Promise<Set<string>> {
  const listed = await shell.run(['ls', '-1', '-d', '--', ...paths]);
  return new Set(listed.stdout.split('\n').filter((line) => line !== ''));
}

/** How long a service may take to come up by itself after its first start failed. */
const SECOND_START_MS = 45_000;

/** Whether a service runs. */
export async function isActive(shell: NodeShell, service: string): Promise<boolean> {
  return (await shell.run(['systemctl', 'is-active', service])).stdout.trim() === 'active';
}

/**
 * Restarts a service and resolves when it says that it is up (K3s' units are of Type=notify, so systemctl waits
 * for that). Errors: EnvironmentError with the end of its journal when it does not come up.
 */
export async function restartService(shell: NodeShell, service: string, options: { timeoutMs?: number } = {}): Promise<void> {
  // K3s waits up to five minutes for its servers before it gives up.
  const timeoutMs = options.timeoutMs ?? 330_000;
  const result = await shell.run(['systemctl', 'restart', service], { timeoutMs });
  if (result.code === 0 && (await isActive(shell, service))) return;
  // K3s' units have Restart=always: where the first start fails (containerd not quite ready, say), systemd tries again after five seconds.
  const came = await waitUntil(async () => ((await isActive(shell, service)) ? true : undefined), { timeoutMs: SECOND_START_MS, what: `service ${service}` }).catch(() => false);
  if (came) return;
  const journal = await shell.run(['journalctl', '-u', service, '-n', '20', '--no-pager', '-o', 'cat']);
  throw new EnvironmentError(`node ${shell.node}: service ${service} did not come up after a restart: ${result.stderr.trim() || 'it is not active'}\n${journal.stdout.trim()}`, {
    hint: `On the node: systemctl status ${service}`,
  });
}
