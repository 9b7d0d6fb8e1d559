/** Reaches a lab node by entering its namespaces. */
import { readFileSync } from 'node:fs';
import { NotStartedError } from '../../core/errors.ts';
import { runProcess } from '../../core/process.ts';
import { hostShell, type Transport } from '../../node/host-shell.ts';
import type { NodeShell } from '../../node/shell.ts';
import { namespaceName, nodePaths } from '../paths.ts';
import { inLabCgroup } from './cgroups.ts';

export interface ProcessId {
  pid: number;
  startTime: number;
}

/** Reads the start time of a process in clock ticks since boot (proc(5), field 22); undefined when there is no such process. */
export function startTimeOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return undefined;
  }
}

/** This very process. */
export function ownProcess(): ProcessId {
  return { pid: process.pid, startTime: startTimeOf(process.pid) ?? 0 };
}

/** Whether a process still lives; a pid that has been given to another process does not count. */
export function isAlive(recorded: ProcessId): boolean {
  return startTimeOf(recorded.pid) === recorded.startTime;
}

/** Process 1 of a node as this machine sees it; undefined when the node is not running. */
export function nodeProcess(lab: string, node: string): number | undefined {
  let recorded: ProcessId;
  try {
    recorded = JSON.parse(readFileSync(nodePaths(lab, node).pid, 'utf8')) as ProcessId;
  } catch {
    return undefined;
  }
  return isAlive(recorded) ? recorded.pid : undefined;
}

/** The argv that runs argv inside a node, or in the network of `outside`. Errors: NotStartedError when the node is not running. */
export function enterNode(lab: string, node: string, argv: readonly string[]): string[] {
  if (node === 'outside') return inLabCgroup(lab, ['ip', 'netns', 'exec', namespaceName(lab, 'outside'), ...argv]);
  const pid = nodeProcess(lab, node);
  if (pid === undefined) throw new NotStartedError(`lab ${lab}: node ${node} is not running`, { hint: `\`fairlead lab status --name ${lab}\` shows the lab's nodes` });
  // `--wd` without a value is process 1's own working directory, which is the node's /; `--wd=/` would be this
  // machine's, opened before the namespaces are entered, and would let the node's processes walk about in it.
  return ['nsenter', '--target', String(pid), '--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--wd', '--', ...argv];
}

/** Entering a lab's namespaces either works at once or not at all. */
function entering(enter: (argv: readonly string[]) => string[]): Transport {
  return async (argv, options) => {
    const { stdout, stderr } = await runProcess(enter(argv), options);
    return { stdout, stderr: Buffer.from(stderr) };
  };
}

/** Shell of a running lab node. */
export function labShell(lab: string, node: string): NodeShell {
  return hostShell(node, entering((argv) => enterNode(lab, node, argv)));
}

/** Shell of `outside`, which has a network of its own and this machine's files. */
export function outsideShell(lab: string): NodeShell {
  return hostShell('outside', entering((argv) => enterNode(lab, 'outside', argv)));
}
