/** What is recorded of a lab: enough to talk to it, reboot its nodes and take it down. */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { EnvironmentError, UsageError } from '../core/errors.ts';
import type { Profile } from './clusters/layout.ts';
import { labPaths, labRoot } from './paths.ts';
import type { ProcessId } from './nodes/shell.ts';

export interface LabNode {
  name: string;
  role: 'server' | 'agent';
  /** Underlay address. */
  address: string;
}

export interface LabState {
  version: 1;
  name: string;
  profile: Profile;
  cni: 'flannel' | 'calico' | 'none';
  flannelBackend: 'vxlan' | 'host-gw';
  clusterCidr: string;
  serviceCidr: string;
  clusterDns: string;
  clusterDomain: string;
  nodes: LabNode[];
  /** The real K3s that the nodes run, and where it came from; absent with the stand-in and with other profiles. */
  k3s?: { version: string; path: string };
  /** Loopback port of the relay to the API server. */
  apiPort: number;
  createdAt: string;
  phase: 'creating' | 'up';
  /** The process that is bringing the lab up. */
  creator?: ProcessId;
}

/** Reads a lab's record. Errors: UsageError when there is no such lab, EnvironmentError when its record is unreadable or was never written. */
export function readState(lab: string): LabState {
  const others = labNames();
  const { state } = labPaths(lab);
  if (!others.includes(lab)) {
    throw new UsageError(`there is no lab called \`${lab}\``, { hint: others.length > 0 ? `labs on this machine: ${others.join(', ')}` : '`fairlead lab up` starts one' });
  }
  try {
    return JSON.parse(readFileSync(state, 'utf8')) as LabState;
  } catch (cause) {
    throw new EnvironmentError(`${state} is not readable as a lab's record`, { hint: `\`fairlead lab down --name ${lab}\` removes what is left of that lab`, cause });
  }
}

/** Errors: UsageError when there is a lab of that name. */
export function refuseTakenName(name: string): void {
  if (labNames().includes(name)) throw new UsageError(`there is a lab called \`${name}\` already`, { hint: `\`fairlead lab status --name ${name}\` shows it, \`fairlead lab down --name ${name}\` removes it` });
}

/** Records a new lab. Errors: UsageError when there is one of that name, even if another process has begun it this very moment. */
export function createState(state: LabState): void {
  mkdirSync(labRoot(), { recursive: true, mode: 0o700 });
  try {
    mkdirSync(labPaths(state.name).dir, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') refuseTakenName(state.name);
    throw error;
  }
  writeState(state);
}

/** Writes a lab's record atomically. */
export function writeState(state: LabState): void {
  const { state: path } = labPaths(state.name);
  writeFileSync(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/** Names of all labs of this machine, complete or not. Errors: EnvironmentError when this user may not see them. */
export function labNames(): string[] {
  try {
    return readdirSync(labRoot(), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name).toSorted();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'EACCES') throw new EnvironmentError(`the labs of this machine are root's (${labRoot()})`, { hint: 'run the same command as root', cause });
    throw cause;
  }
}

/** Finds a node by its name or by the short form without the lab's name. Errors: UsageError naming the lab's nodes. */
export function findNode(state: LabState, name: string): LabNode {
  const node = state.nodes.find((candidate) => candidate.name === name || candidate.name === `${state.name}-${name}`);
  if (node) return node;
  throw new UsageError(`lab ${state.name} has no node \`${name}\``, { hint: `its nodes: ${state.nodes.map((candidate) => candidate.name).join(', ')}` });
}
