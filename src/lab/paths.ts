/** Where a lab keeps what, and what its things are called: everything carries the lab's name, so that `down` works from names alone. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../core/errors.ts';

/** Directory that holds one directory per lab; on a real disk, because containerd's overlays cannot lie on an overlay or tmpfs. */
export function labRoot(env: NodeJS.ProcessEnv = process.env): string {
  return env['FAIRLEAD_LAB_ROOT'] ?? '/var/lib/fairlead/lab';
}

/** Directory for what several labs share: built components, images. */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  return env['FAIRLEAD_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'fairlead');
}

/** Checks a lab's name: it becomes part of namespace and cgroup names, so it is short and plain. Errors: UsageError. */
export function checkLabName(name: string): string {
  if (/^[a-z][a-z0-9-]{0,11}$/.test(name)) return name;
  throw new UsageError(`\`${name}\` is not a lab name: expected a lower-case letter followed by at most 11 lower-case letters, digits or hyphens`);
}

export interface LabPaths {
  dir: string;
  state: string;
  kubeconfig: string;
  nodes: string;
  /** Image archives, for nodes whose container runtime imports them itself. */
  images: string;
}

export function labPaths(lab: string): LabPaths {
  const dir = join(labRoot(), lab);
  return { dir, state: join(dir, 'lab.json'), kubeconfig: join(dir, 'kubeconfig'), nodes: join(dir, 'nodes'), images: join(dir, 'images') };
}

export interface NodePaths {
  dir: string;
  upper: string;
  work: string;
  root: string;
  containerd: string;
  kubelet: string;
  spec: string;
  pid: string;
  log: string;
}

export function nodePaths(lab: string, node: string): NodePaths {
  const dir = join(labPaths(lab).nodes, node);
  const at = (name: string): string => join(dir, name);
  return { dir, upper: at('upper'), work: at('work'), root: at('root'), containerd: at('containerd'), kubelet: at('kubelet'), spec: at('spec.json'), pid: at('pid.json'), log: at('init.log') };
}

/** Name of a node's network namespace; `net` is the underlay's switch and `outside` the client and Internet. */
export function namespaceName(lab: string, member: string): string {
  return `fl-${lab}-${member}`;
}

export function namespacePath(lab: string, member: string): string {
  return `/run/netns/${namespaceName(lab, member)}`;
}
