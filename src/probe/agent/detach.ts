/** Runs the agent in the background where no service manager does, and ends exactly that process later. */
import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';

/** Longest that an agent takes to end by itself before it is killed. */
const STOP_MS = 15_000;

/** Starts this same program with the same flags in a session of its own; writes `PID STARTTIME` to `pidFile`. Output goes to `pidFile` + `.log`. */
export async function detach(pidFile: string, args: readonly string[]): Promise<void> {
  await stopDetached(pidFile);
  const script = process.argv[1];
  if (script === undefined) throw new Error('the agent does not know its own file');
  const log = openSync(`${pidFile}.log`, 'a');
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid ?? 0;
  await writeFile(pidFile, `${pid} ${startTime(pid) ?? ''}\n`);
  child.unref();
}

/** Whether the process that `pidFile` names still is that one, and runs this very program. */
export async function runsDetached(pidFile: string): Promise<boolean> {
  const text = await readFile(pidFile, 'utf8').catch(() => '');
  const [pid, started] = text.trim().split(' ');
  if (!(Number(pid) > 0) || started === undefined || startTime(Number(pid)) !== started) return false;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.split('\0').includes(process.argv[1] ?? '');
}

/** Ends the process that `pidFile` names, if it still is that one; resolves when it is gone. */
export async function stopDetached(pidFile: string): Promise<void> {
  const text = await readFile(pidFile, 'utf8').catch(() => '');
  const [pid, started] = text.trim().split(' ');
  const alive = (): boolean => Number(pid) > 0 && started !== undefined && startTime(Number(pid)) === started;
  if (alive()) process.kill(Number(pid), 'SIGTERM');
  const deadline = performance.now() + STOP_MS;
  while (alive()) {
    if (performance.now() > deadline) process.kill(Number(pid), 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await rm(pidFile, { force: true });
}

/** Start time of a process in clock ticks since boot (proc(5), field 22), which tells it from a later one of the same number. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
