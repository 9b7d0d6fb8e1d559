/** A containerd that only imports images into a root directory: no CRI, no network, gone when its owner is gone. */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { EnvironmentError } from '../../core/errors.ts';

const execFileAsync = promisify(execFile);

export interface ContainerdPrograms {
  /** Path of `containerd`, 1.6 or newer. */
  containerd: string;
  /** Path of its `ctr`. */
  ctr: string;
}

export interface TemporaryContainerd extends AsyncDisposable {
  readonly socket: string;
  /** Runs `ctr` in namespace k8s.io, CRI's own. Returns its standard output. Errors: EnvironmentError with what ctr said. */
  ctr(args: readonly string[]): Promise<string>;
}

/** Milliseconds that containerd may take to answer; it needs about 200 here. */
const START_LIMIT = 30_000;
const STOP_LIMIT = 10_000;

/**
 * Starts a containerd on the root directory `root` and waits until it answers. It lives in its own mount namespace,
 * so that nothing it mounts is left behind, and dies with this process even if that is killed. Disposing stops it
 * and removes its state directory, not `root`. Errors: EnvironmentError with the end of its log.
 */
export async function startTemporaryContainerd(programs: ContainerdPrograms, root: string): Promise<TemporaryContainerd> {
  // Not below `root`: a unix socket's path may have 107 characters at most.
  await removeStale(tmpdir());
  const scratch = await mkdtemp(join(tmpdir(), `${SCRATCH}${process.pid}-`));
  const socket = join(scratch, 'containerd.sock');
  const config = join(scratch, 'config.toml');
  await writeFile(config, containerdConfig(root, join(scratch, 'state'), socket));
  const log: string[] = [];
  const argv = ['--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private', programs.containerd, '--config', config, '--log-level', 'warn'];
  const child = spawn('setpriv', argv, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log.push(text);
    if (log.length > 200) log.shift();
  });
  child.on('error', (cause) => log.push(String(cause)));
  const ctr = async (args: readonly string[]): Promise<string> => {
    try {
      const options = { maxBuffer: 64 * 1024 * 1024 };
      return (await execFileAsync(programs.ctr, ['--address', socket, '--namespace', 'k8s.io', ...args], options)).stdout;
    } catch (cause) {
      const said = (cause as { stderr?: string }).stderr?.trim() || String(cause);
      throw new EnvironmentError(`containerd: \`ctr ${args.join(' ')}\` failed: ${said}`, { cause });
    }
  };
  const stop = async (): Promise<void> => {
    await stopProcess(child);
    await rm(scratch, { recursive: true, force: true });
  };
  try {
    await untilServing(child, ctr);
  } catch (cause) {
    await stop();
    throw new EnvironmentError(`a containerd for the lab's images did not start: ${log.join('').trim().slice(-2000) || String(cause)}`, { cause });
  }
  return { socket, ctr, [Symbol.asyncDispose]: stop };
}

const SCRATCH = 'fairlead-containerd-';

/** Removes what killed processes left behind. A pid that is taken by somebody else only delays the cleaning. */
async function removeStale(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(SCRATCH) ? /^(\d+)-/.exec(name.slice(SCRATCH.length))?.[1] : undefined;
    if (pid !== undefined && (await stat(`/proc/${pid}`).catch(() => undefined)) === undefined) await rm(join(parent, name), { recursive: true, force: true });
  }
}

async function untilServing(child: ChildProcess, ctr: TemporaryContainerd['ctr']): Promise<void> {
  const deadline = performance.now() + START_LIMIT;
  for (;;) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) throw new Error('it ended');
    try {
      await ctr(['--connect-timeout', '1s', 'namespaces', 'list']);
      return;
    } catch (error) {
      // It answers, but a plugin did not load (a damaged database): waiting will not change that.
      const hopeless = error instanceof Error && error.message.includes('unknown service');
      if (hopeless || performance.now() > deadline) throw error;
      await delay(50);
    }
  }
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT);
  await ended;
  clearTimeout(timer);
}

/** Everything off that would touch the machine beyond `root` and `state`, or that a mere import does not need. */
function containerdConfig(root: string, state: string, socket: string): string {
  const disabled = [
    'io.containerd.grpc.v1.cri',
    // Makes /opt/containerd.
    'io.containerd.internal.v1.opt',
    'io.containerd.internal.v1.restart',
    ...['aufs', 'btrfs', 'devmapper', 'native', 'zfs'].map((name) => `io.containerd.snapshotter.v1.${name}`),
  ];
  return [
    'version = 2',
    `root = ${JSON.stringify(root)}`,
    `state = ${JSON.stringify(state)}`,
    `disabled_plugins = ${JSON.stringify(disabled)}`,
    '[grpc]',
    `address = ${JSON.stringify(socket)}`,
    '',
  ].join('\n');
}
