/** Reaches hosts by the system's own OpenSSH client: the user's configuration, agent, known hosts and jump hosts hold as they are. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError } from '../../core/errors.ts';
import { runProcess, type ProcessResult } from '../../core/process.ts';
import type { SecretReference } from '../../core/secret-reference.ts';
import { hostShell, type Transport } from '../host-shell.ts';
import type { NodeShell } from '../shell.ts';
import { Turns } from '../turns.ts';
import { becomeRoot, type Become } from './become.ts';
import { sshFailure } from './failure.ts';
import { targetArguments, type SshTarget } from './target.ts';

export interface SshOptions {
  /** How a node is logged in to. Rejects for a node of which that is not known. */
  target(node: string): Promise<SshTarget>;
  /** OpenSSH configuration file instead of ~/.ssh/config. */
  config?: string;
  /** Password for sudo, for hosts whose sudo wants one. */
  sudoPassword?: SecretReference;
}

export interface SshShells {
  shell(node: string): NodeShell;
  /** Ends the connections and removes their sockets. */
  close(): Promise<void>;
}

/** Sessions at a time in one connection: sshd's default for MaxSessions is 10 (sshd_config(5)). */
const AT_ONCE = 8;

/** One run's connections: one to each host, kept while it lasts. */
class Connections {
  readonly #options: SshOptions;
  readonly #targets = new Map<string, SshTarget>();
  #dir: Promise<string> | undefined;

  constructor(options: SshOptions) {
    this.#options = options;
  }

  /** Runs a command line of the host's login shell. Errors: EnvironmentError when no answer comes, or there is no ssh here. */
  async run(target: SshTarget, command: string, options: { stdin?: Uint8Array; timeoutMs: number }): Promise<ProcessResult> {
    this.#targets.set(target.host, target);
    const began = performance.now();
    try {
      return await runProcess([...(await this.#ssh()), ...targetArguments(target), command], { ...options, env: { LC_ALL: 'C.UTF-8' } });
    } catch (cause) {
      if (performance.now() - began < options.timeoutMs) throw cause;
      throw new EnvironmentError(`ssh to ${target.host} gave no answer within ${options.timeoutMs / 1000} s; it is unknown whether the command finished`, { cause });
    }
  }

  async close(): Promise<void> {
    if (this.#dir === undefined) return;
    const [dir, ssh] = [await this.#dir, await this.#ssh()];
    await Promise.all([...this.#targets.values()].map((target) => runProcess([...ssh, '-O', 'exit', ...targetArguments(target)], { timeoutMs: 10_000 }).catch(() => undefined)));
    await rm(dir, { recursive: true, force: true });
    this.#dir = undefined;
  }

  async #ssh(): Promise<string[]> {
    // Private to this user (0700), and short: a socket's path may have about 100 bytes.
    this.#dir ??= mkdtemp(join(process.env['XDG_RUNTIME_DIR'] ?? tmpdir(), 'fl-ssh-'));
    const settings = { BatchMode: 'yes', ConnectTimeout: '10', ServerAliveInterval: '5', ServerAliveCountMax: '3', LogLevel: 'ERROR', ForwardAgent: 'no', ForwardX11: 'no', RequestTTY: 'no', ControlMaster: 'auto', ControlPath: `${await this.#dir}/%C`, ControlPersist: '60' };
    const { config } = this.#options;
    // Ours come first: of two values ssh takes the first.
    return ['ssh', ...(config === undefined ? [] : ['-F', config]), ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
  }
}

/** How one host is entered: as root, by a connection that all commands share. */
function sshTransport(connections: Connections, node: string, options: SshOptions): Transport {
  const turns = new Turns(AT_ONCE);
  let become: Promise<Become> | undefined;
  return (argv, { timeoutMs, stdin }) =>
    turns.take(async () => {
      const target = await options.target(node);
      const run = (command: string, input?: Uint8Array): Promise<ProcessResult> => connections.run(target, command, { timeoutMs, ...(input === undefined ? {} : { stdin: input }) });
      become ??= becomeRoot(target.host, run, options.sudoPassword).catch((error: unknown) => {
        become = undefined;
        throw error;
      });
      const root = (await become)(argv, stdin);
      const { code, stdout, stderr } = await run(root.command, root.stdin);
      // 255 is ssh's own; the command says something before it does anything.
      if (code === 255 && stdout.length === 0) throw sshFailure(target.host, stderr);
      return { stdout, stderr: Buffer.from(stderr) };
    });
}

/** Shells by ssh. */
export function sshShells(options: SshOptions): SshShells {
  const connections = new Connections(options);
  const shells = new Map<string, NodeShell>();
  return {
    shell(node) {
      const shell = shells.get(node) ?? hostShell(node, sshTransport(connections, node, options));
      shells.set(node, shell);
      return shell;
    },
    close: () => connections.close(),
  };
}
