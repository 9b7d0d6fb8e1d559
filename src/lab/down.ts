/** `lab down`: removes every process, namespace, mount, cgroup and file of a lab and nothing else, also after a crash. */
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentError } from '../core/errors.ts';
import { output } from '../core/process.ts';
import { labProcesses, removeCgroups } from './nodes/cgroups.ts';
import { endProcesses } from './nodes/processes.ts';
import { isAlive } from './nodes/shell.ts';
import { labNamespaces, removeNamespace } from './nodes/underlay.ts';
import { labPaths, checkLabName } from './paths.ts';
import { labNames, type LabState } from './state.ts';

/** Mounts of this machine's own mount namespace at or below a directory, deepest first. */
export function mountsBelow(dir: string, mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): string[] {
  const mounts = mountinfo.split('\n').map((line) => line.split(' ')[4] ?? '');
  return mounts.filter((mount) => mount === dir || mount.startsWith(`${dir}/`)).toReversed();
}

/** The process that is still bringing this lab up, if any: whatever it went on making would outlive `down`. */
function creators(lab: string): number[] {
  try {
    const { creator } = JSON.parse(readFileSync(labPaths(lab).state, 'utf8')) as LabState;
    return creator !== undefined && isAlive(creator) ? [creator.pid] : [];
  } catch {
    // No record, or one that was never finished: then nobody is known to be at work.
    return [];
  }
}

async function removeAllCgroups(lab: string): Promise<void> {
  // The kernel lets go of a cgroup a moment after its last process has ended.
  const deadline = Date.now() + 10_000;
  while (!removeCgroups(lab)) {
    if (Date.now() > deadline) throw new EnvironmentError(`cgroups of lab ${lab} cannot be removed`, { hint: 'look below /sys/fs/cgroup/*/fairlead for what still lives there' });
    await delay(20);
  }
}

/** Takes a lab down. Idempotent; needs no record of the lab, only its name. */
export async function labDown(name: string): Promise<void> {
  const lab = checkLabName(name);
  // Reading is refused to others as well, before anything has been done by halves.
  labNames();
  const { dir } = labPaths(lab);
  await endProcesses(() => [...creators(lab), ...labProcesses(lab)], `lab ${lab}`);
  for (const namespace of await labNamespaces(lab)) await removeNamespace(namespace);
  await removeAllCgroups(lab);
  for (const mount of mountsBelow(dir)) await output(['umount', '--lazy', '--', mount]);
  if (existsSync(dir)) await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
