/** Processes inside a node, found and signalled from this machine. */
import { readFileSync } from 'node:fs';
import { labProcesses } from '../nodes/cgroups.ts';
import { startTimeOf, type ProcessId } from '../nodes/shell.ts';

/** Processes of a node whose argv fits, as this machine sees them. */
export function findProcesses(lab: string, node: string, fits: (argv: readonly string[]) => boolean): ProcessId[] {
  return labProcesses(lab, node).flatMap((pid) => {
    try {
      const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
      const startTime = startTimeOf(pid);
      return startTime !== undefined && fits(argv) ? [{ pid, startTime }] : [];
    } catch {
      // It ended between being listed and being looked at.
      return [];
    }
  });
}

/** Signals those that still live; a process that has just ended is none of them. */
export function sendSignal(processes: readonly ProcessId[], name: NodeJS.Signals): void {
  for (const { pid, startTime } of processes) {
    try {
      if (startTimeOf(pid) === startTime) process.kill(pid, name);
    } catch {
      // It has just ended.
    }
  }
}
