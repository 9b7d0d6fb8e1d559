/** One writer per journal: a lock file that names its process, and is taken over when that process is gone. */
import { execFile } from 'node:child_process';
import { link, open, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { EnvironmentError } from '../../core/errors.ts';

const ownerSchema = z.object({ pid: z.int().positive(), started: z.string(), host: z.string(), nonce: z.string() });
type Owner = z.infer<typeof ownerSchema>;

export interface FileLock {
  /** Throws EnvironmentError when the lock file is no longer ours. */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes `<dir>/lock`. A lock of a process that no longer exists (same host, pid and start time do not match a
 * living process) is taken over. Errors: EnvironmentError naming the holder when it lives or cannot be judged.
 */
export async function takeLock(dir: string): Promise<FileLock> {
  const path = join(dir, 'lock');
  const owner: Owner = { pid: process.pid, started: (await startOf(process.pid)) ?? 'unknown', host: hostname(), nonce: crypto.randomUUID() };
  const draft = join(dir, `lock.${owner.nonce}`);
  // Written aside and hard-linked: link(2) fails when the name exists, like O_EXCL, but nobody ever sees half a lock.
  await writeFile(draft, `${JSON.stringify(owner)}\n`, { flag: 'wx', mode: 0o600 });
  try {
    for (let attempt = 0; ; attempt++) {
      if (await linked(draft, path)) break;
      const holder = await readOwner(path);
      if (holder !== undefined && (attempt >= 5 || (await mayLive(holder)))) throw held(path, holder);
      if (holder !== undefined) await removeStale(path, holder, owner.nonce);
    }
  } finally {
    await rm(draft, { force: true });
  }
  // Kept open so that the inode number stays ours: a file system may reuse it once the file is gone.
  const handle = await open(path, 'r');
  const inode = (await handle.stat()).ino;
  const isOurs = async (): Promise<boolean> => (await stat(path).catch(() => undefined))?.ino === inode;
  return {
    async assertHeld() {
      if (!(await isOurs())) {
        throw new EnvironmentError(`${path} is no longer the lock of this process (pid ${process.pid}): somebody removed it or took it over`, {
          hint: 'Make sure that no other fairlead is running, then `fairlead migrate resume`.',
        });
      }
    },
    async release() {
      if (await isOurs()) await unlink(path);
      await handle.close();
    },
  };
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a stale lock away; when another process replaced it meanwhile, the live one is put back. */
async function removeStale(path: string, stale: Owner, nonce: string): Promise<void> {
  const aside = `${path}.stale.${nonce}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = await readOwner(aside);
  if (moved !== undefined && moved.nonce !== stale.nonce) await linked(aside, path);
  await unlink(aside);
}

async function readOwner(path: string): Promise<Owner | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    throw new EnvironmentError(`${path} is not a lock that fairlead wrote`, { hint: `Make sure that no other fairlead is running, then remove ${path}.` });
  }
}

async function mayLive(owner: Owner): Promise<boolean> {
  if (owner.host !== hostname()) return true;
  const started = await startOf(owner.pid);
  return started !== undefined && started === owner.started;
}

/**
 * When a process started, as an opaque text that no later process with the same pid repeats; undefined when there is no such process.
 * Linux: boot id and field 22 (starttime) of /proc/<pid>/stat, proc_pid_stat(5); elsewhere `ps -o lstart=`.
 */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (line === undefined) return undefined;
    // The command name (field 2) is in parentheses and may hold spaces; state Z is a dead process not yet reaped.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
    return `${boot.trim()}/${fields[19] ?? ''}`;
  }
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], { env: { ...process.env, LC_ALL: 'C' } });
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

function held(path: string, holder: Owner): EnvironmentError {
  return new EnvironmentError(`another fairlead works on this migration: process ${holder.pid} on ${holder.host} holds ${path}`, {
    hint: holder.host === hostname()
      ? `Wait for it, or stop it with \`kill -INT ${holder.pid}\`; it stops at a safe point.`
      : `Wait for it. If you know that it no longer runs there, remove ${path}.`,
  });
}
