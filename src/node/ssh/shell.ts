/** Reaches hosts by the system's own OpenSSH client: the user's configuration, agent, known hosts and jump hosts hold as they are. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError } from '../../core/errors.ts';
import { runProcess, type ProcessResult } from '../../core/process.ts';
import { hostShell, type Transport } from '../host-shell.ts';
import type { NodeShell } from '../shell.ts';
import { Turns } from '../turns.ts';
import { sshFailure } from './failure.ts';
import { remoteCommand } from './quote.ts';

export interface SshOptions {
  /** What ssh is told to connect to for a node: an address, or a name of the user's configuration. Rejects for a node that has none. */
  host(node: string): Promise<string>;
  /** Login name; without it that of the configuration, or this user's own. */
  user?: string;
  /** OpenSSH configuration file instead of ~/.ssh/config. */
  config?: string;
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
  readonly #hosts = new Set<string>();
  #dir: Promise<string> | undefined;

  constructor(options: SshOptions) {
    this.#options = options;
  }

  /** Runs a command line of the host's login shell. Errors: EnvironmentError when no answer comes, or there is no ssh here. */
  async run(host: string, command: string, options: { stdin?: Uint8Array; timeoutMs: number }): Promise<ProcessResult> {
    this.#hosts.add(host);
    const began = performance.now();
    try {
      return await runProcess([...(await this.#ssh()), '--', host, command], { ...options, env: { LC_ALL: 'C.UTF-8' } });
    } catch (cause) {
      if (performance.now() - began < options.timeoutMs) throw cause;
      throw new EnvironmentError(`ssh to ${host} gave no answer within ${options.timeoutMs / 1000} s; it is unknown whether the command finished`, { cause });
    }
  }

  async close(): Promise<void> {
    if (this.#dir === undefined) return;
    const [dir, ssh] = [await this.#dir, await this.#ssh()];
    await Promise.all([...this.#hosts].map((host) => runProcess([...ssh, '-O', 'exit', '--', host], { timeoutMs: 10_000 }).catch(() => undefined)));
    await rm(dir, { recursive: true, force: true });
    this.#dir = undefined;
  }

  async #ssh(): Promise<string[]> {
    // Private to this user (0700), and short: a socket's path may have about 100 bytes.
    this.#dir ??= mkdtemp(join(process.env['XDG_RUNTIME_DIR'] ?? tmpdir(), 'fl-ssh-'));
    const settings = { BatchMode: 'yes', ConnectTimeout: '10', ServerAliveInterval: '5', ServerAliveCountMax: '3', LogLevel: 'ERROR', ForwardAgent: 'no', ForwardX11: 'no', RequestTTY: 'no', ControlMaster: 'auto', ControlPath: `${await this.#dir}/%C`, ControlPersist: '60' };
    const { config, user } = this.#options;
    return ['ssh', ...(config === undefined ? [] : ['-F', config]), ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]), ...(user === undefined ? [] : ['-l', user])];
  }
}

/** The words before every command that make its user root. Errors: EnvironmentError when sudo wants a password. */
async function rootPrefix(connections: Connections, host: string, timeoutMs: number): Promise<string[]> {
  const asked = await connections.run(host, remoteCommand(['id', '-u']), { timeoutMs });
  const uid = /(\d+)\s*$/.exec(Buffer.from(asked.stdout).toString())?.[1];
  if (uid === undefined) throw sshFailure(host, asked.stderr);
  if (uid === '0') return [];
  const allowed = await connections.run(host, remoteCommand(['sudo', '-n', '--', 'true']), { timeoutMs });
  if (allowed.code === 255) throw sshFailure(host, allowed.stderr);
  if (allowed.code !== 0) throw new EnvironmentError(`ssh to ${host}: user id ${uid} may not become root: ${allowed.stderr.trim()}`, { hint: 'Log in as root with --ssh-user root, or allow that user sudo without a password.' });
  return ['sudo', '-n', '--'];
}

/** How one host is entered: as root, by a connection that all commands share. */
function sshTransport(connections: Connections, node: string, options: SshOptions): Transport {
  const turns = new Turns(AT_ONCE);
  let prefix: Promise<string[]> | undefined;
  return (argv, { timeoutMs, stdin }) =>
    turns.take(async () => {
      const host = await options.host(node);
      prefix ??= rootPrefix(connections, host, timeoutMs).catch((error: unknown) => {
        prefix = undefined;
        throw error;
      });
      const { code, stdout, stderr } = await connections.run(host, remoteCommand([...(await prefix), ...argv]), { timeoutMs, ...(stdin === undefined ? {} : { stdin }) });
      // 255 is ssh's own; the command says something before it does anything.
      if (code === 255 && stdout.length === 0) throw sshFailure(host, stderr);
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
