/** systemd services of a host. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError } from '../core/errors.ts';
import { runOrThrow, type NodeShell } from '../node/shell.ts';

/** Those of `paths` that exist on a host. */
export async function existing(shell: NodeShell, paths: readonly string[]): Promise<Set<string>> {
  const listed = await shell.run(['ls', '-1', '-d', '--', ...paths]);
  return new Set(listed.stdout.split('\n').filter((line) => line !== ''));
}

/** Whether a service runs. */
export async function isActive(shell: NodeShell, service: string): Promise<boolean> {
  return (await shell.run(['systemctl', 'is-active', service])).stdout.trim() === 'active';
}

/** For one question to systemd, which answers at once. */
const LOOK_MS = 10_000;
const PAUSE_MS = 300;

interface UnitState {
  /** `active`, `activating`, `deactivating`, `failed`, `inactive` … */
  active: string;
  /** When its main process was started, microseconds since boot; tells one life of the unit from the next. */
  started: string;
}

async function unitState(shell: NodeShell, service: string): Promise<UnitState> {
  const shown = await runOrThrow(shell, ['systemctl', 'show', '--property=ActiveState,ExecMainStartTimestampMonotonic', service], { timeoutMs: LOOK_MS });
  const properties = Object.fromEntries(shown.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  return { active: properties['ActiveState'] ?? 'unknown', started: properties['ExecMainStartTimestampMonotonic'] ?? '' };
}

/** Asks systemd for a restart. False when the connection did not live to bring the answer. Errors: EnvironmentError when systemd refuses. */
async function askForRestart(shell: NodeShell, service: string): Promise<boolean> {
  const result = await shell.run(['systemctl', '--no-block', 'restart', service], { timeoutMs: LOOK_MS }).catch(unreached);
  if (result instanceof EnvironmentError) return false;
  if (result.code === 0) return true;
  throw await notUp(shell, service, result.stderr.trim() || `systemctl ended with status ${result.code}`);
}

/** A node that cannot be reached now is an answer, not a failure. */
function unreached(error: unknown): EnvironmentError {
  if (error instanceof EnvironmentError) return error;
  throw error;
}

async function notUp(shell: NodeShell, service: string, why: string): Promise<EnvironmentError> {
  const journal = await shell.run(['journalctl', '-u', service, '-n', '20', '--no-pager', '-o', 'cat']).then((result) => result.stdout.trim(), (error: unknown) => `(its journal cannot be read: ${error instanceof Error ? error.message : String(error)})`);
  return new EnvironmentError(`node ${shell.node}: service ${service} did not come up after a restart: ${why}\n${journal}`, { hint: `On the node: systemctl status ${service}` });
}

/**
 * Restarts a service and resolves when it is up with another main process. No connection needs to last as long as
 * that: a node reached through its own service, or through the API server that it runs, is gone for a while in between.
 * Errors: EnvironmentError with the end of its journal when it fails, or is not up in time.
 */
export async function restartService(shell: NodeShell, service: string, options: { timeoutMs?: number } = {}): Promise<void> {
  // K3s waits up to five minutes for its servers before it gives up.
  const timeoutMs = options.timeoutMs ?? 330_000;
  const deadline = performance.now() + timeoutMs;
  const before = await unitState(shell, service);
  let asked = await askForRestart(shell, service);
  let seen = 'it could not be asked';
  while (performance.now() < deadline) {
    const now = await unitState(shell, service).catch(unreached);
    if (now instanceof EnvironmentError) {
      seen = now.message;
    } else if (now.started === before.started) {
      seen = `it is ${now.active} and its main process is the one of before`;
      // Whether the request arrived was not to be known; now it is: it did not.
      if (!asked && now.active === before.active) asked = await askForRestart(shell, service);
    } else {
      if (now.active === 'active') return;
      if (now.active === 'failed') throw await notUp(shell, service, 'it failed');
      seen = `it is ${now.active}`;
    }
    await sleep(PAUSE_MS);
  }
  throw await notUp(shell, service, `${seen}, after ${timeoutMs / 1000} s`);
}
