/** One writer per journal: a lock file named after its process, which no longer counts when that process is gone. */
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { open, readFile, readdir, rm, stat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { EnvironmentError } from '../../core/errors.ts';
import { sha256Hex } from '../canonical.ts';

/** `lock.<pid>.<hash of the process' start time>.<host>`: who holds it can be told from the name alone, so nobody ever reads half a lock. */
const LOCK_NAME = /^lock\.(\d+)\.([0-9a-f]{12})\.(.+)$/;
/** How often two that start at the same moment step back for each other. */
const TRIES = 6;

interface Owner {
  pid: number;
  started: string;
  host: string;
}

export interface FileLock {
  /** Throws EnvironmentError when the lock file is no longer ours. */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes the lock of a directory. Everybody first puts down a file of their own (O_EXCL) and then looks for others: of
 * two, the later always sees the earlier. Files of dead processes of this host are removed, which cannot hit a living
 * one, since each process has its own name. Errors: EnvironmentError naming the holder when it lives or cannot be judged.
 */
export async function takeLock(dir: string): Promise<FileLock> {
  const own: Owner = { pid: process.pid, started: (await startOf(process.pid)) ?? '0'.repeat(12), host: hostname() };
  const name = `lock.${own.pid}.${own.started}.${encodeURIComponent(own.host)}`;
  const path = join(dir, name);
  for (let attempt = 1; ; attempt++) {
    const handle = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return undefined;
      throw error;
    });
    const rival = handle === undefined ? { owner: own, path } : await livingRival(dir, name);
    if (rival === undefined && handle !== undefined) return held(path, handle);
    if (handle !== undefined) await unlink(path);
    await handle?.close();
    if (rival !== undefined && attempt === TRIES) throw busy(rival.path, rival.owner);
    await sleep(randomInt(5, 60));
  }
}

async function held(path: string, handle: Awaited<ReturnType<typeof open>>): Promise<FileLock> {
  // The handle stays open so that the inode number stays ours: a file system may reuse it once the file is gone.
  const inode = (await handle.stat()).ino;
  const isOurs = async (): Promise<boolean> => (await stat(path).catch(() => undefined))?.ino === inode;
  return {
    async assertHeld() {
      if (await isOurs()) return;
      throw new EnvironmentError(`${path}, the lock of this process, is gone: somebody removed it`, {
        hint: 'Make sure that no other fairlead is running, then `fairlead migrate resume`.',
      });
    },
    async release() {
      if (await isOurs()) await unlink(path);
      await handle.close();
    },
  };
}

/** Another process' lock that counts; those of dead processes are removed on the way. */
async function livingRival(dir: string, own: string): Promise<{ owner: Owner; path: string } | undefined> {
  for (const name of await readdir(dir)) {
    const [, pid, started, host] = LOCK_NAME.exec(name) ?? [];
    if (name === own || pid === undefined || started === undefined || host === undefined) continue;
    const owner = { pid: Number(pid), started, host: decodeURIComponent(host) };
    if (owner.host !== hostname() || (await startOf(owner.pid)) === started) return { owner, path: join(dir, name) };
    await rm(join(dir, name), { force: true });
  }
  return undefined;
}

/** Twelve hex digits that no other process with the same pid has; undefined when there is no such process. */
async function startOf(pid: number): Promise<string | undefined> {
  const started = process.platform === 'linux' ? await startOnLinux(pid) : await startByPs(pid);
  return started === undefined ? undefined : sha256Hex(started).slice(0, 12);
}

/** Boot id and field 22 (starttime) of /proc/<pid>/stat, proc_pid_stat(5). */
async function startOnLinux(pid: number): Promise<string | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (line === undefined) return undefined;
  // The command name (field 2) is in parentheses and may hold spaces; Z and X are dead processes not yet reaped.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return `${boot.trim()}/${fields[19] ?? ''}`;
}

async function startByPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], { env: { ...process.env, LC_ALL: 'C' } });
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

function busy(path: string, holder: Owner): EnvironmentError {
  return new EnvironmentError(`another fairlead works on this migration: process ${holder.pid} on ${holder.host} holds ${path}`, {
    hint:
      holder.host === hostname()
        ? `Wait for it, or stop it with \`kill -INT ${holder.pid}\`; it stops at a safe point.`
        : `Wait for it. If you know that it no longer runs there, remove ${path}.`,
  });
}
