/** The lab's cgroups: one per lab and node in every hierarchy, so that every process of a lab can be found and ended. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One cgroup hierarchy of this machine. */
export interface Hierarchy {
  mount: string;
  type: 'cgroup' | 'cgroup2';
  /** Controllers or `name=…` of a version 1 hierarchy; empty for version 2. */
  options: string;
}

const PARENT = 'fairlead';

/** Controllers and names among a version 1 hierarchy's super options (cgroups(7)); the rest are flags such as rw. */
function version1Options(superOptions: string): string {
  return superOptions
    .split(',')
    .filter((option) => !['rw', 'ro', 'xattr', 'noprefix', 'clone_children'].includes(option) && !option.startsWith('release_agent='))
    .join(',');
}

/** Parses /proc/self/mountinfo (proc(5)) into the hierarchies below /sys/fs/cgroup. */
export function parseHierarchies(mountinfo: string): Hierarchy[] {
  const found = new Map<string, Hierarchy>();
  for (const line of mountinfo.split('\n')) {
    const [left, right] = line.split(' - ');
    const mount = left?.split(' ')[4];
    const [type, , superOptions] = right?.split(' ') ?? [];
    if (mount === undefined || !mount.startsWith('/sys/fs/cgroup') || superOptions === undefined) continue;
    if (type === 'cgroup') found.set(mount, { mount, type, options: version1Options(superOptions) });
    if (type === 'cgroup2') found.set(mount, { mount, type, options: '' });
  }
  return [...found.values()];
}

export function hierarchies(): Hierarchy[] {
  return parseHierarchies(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** What a kubelet asks of version 2 (pkg/kubelet/cm). Others are left as the machine has them. */
const CONTROLLERS = ['cpu', 'cpuset', 'memory', 'pids'];

/** Makes a node's cgroup in a hierarchy and returns its directory. A version 1 cpuset is unusable until it names CPUs and memory nodes, so they are copied from the parent; in version 2 each ancestor must hand its controllers down, which it can only while it holds no processes itself (the machine's root may), so a node's processes are in leaves. */
export function makeCgroup(hierarchy: Hierarchy, lab: string, node: string): string {
  let dir = hierarchy.mount;
  for (const part of [PARENT, lab, node]) {
    if (hierarchy.type === 'cgroup2' && existsSync(join(dir, 'cgroup.controllers'))) {
      for (const controller of readFileSync(join(dir, 'cgroup.controllers'), 'utf8').split(/\s+/).filter((name) => CONTROLLERS.includes(name))) {
        try {
          writeFileSync(join(dir, 'cgroup.subtree_control'), `+${controller}`);
        } catch {
          // A controller that is bound to a version 1 hierarchy or held by a real-time process cannot be handed down.
        }
      }
    }
    const parent = dir;
    dir = join(dir, part);
    mkdirSync(dir, { recursive: true });
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      if (hierarchy.type === 'cgroup' && existsSync(join(dir, file)) && readFileSync(join(dir, file), 'utf8').trim() === '') {
        writeFileSync(join(dir, file), readFileSync(join(parent, file)));
      }
    }
  }
  return dir;
}

/** argv that joins the lab's own cgroup before it becomes argv: whatever happens, `down` finds it. */
export function inLabCgroup(lab: string, argv: readonly string[]): string[] {
  const all = hierarchies();
  const first = all.find((hierarchy) => hierarchy.type === 'cgroup') ?? all[0];
  if (first === undefined) return [...argv];
  return ['sh', '-c', 'echo 0 > "$1" && shift && exec "$@"', 'sh', join(makeCgroup(first, lab, 'host'), 'cgroup.procs'), ...argv];
}

function subtree(dir: string): string[] {
  if (!existsSync(dir)) return [];
  const below = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...below.flatMap((entry) => subtree(join(dir, entry.name))), dir];
}

/** Pids of every process of a lab (or of one node of it), from all hierarchies. */
export function labProcesses(lab: string, node?: string): number[] {
  const pids = new Set<number>();
  for (const { mount } of hierarchies()) {
    for (const dir of subtree(join(mount, PARENT, lab, node ?? ''))) {
      try {
        const listed = readFileSync(join(dir, 'cgroup.procs'), 'utf8').split('\n').map(Number);
        for (const pid of listed.filter((one) => one > 0)) pids.add(pid);
      } catch {
        // The cgroup went away between listing and reading: its processes are gone.
      }
    }
  }
  return [...pids];
}

/** Removes a lab's (or one node's) cgroups, children first. Their processes must be gone; what still lingers is left for the next call, which returns false. */
export function removeCgroups(lab: string, node?: string): boolean {
  let clean = true;
  for (const { mount } of hierarchies()) {
    for (const dir of subtree(join(mount, PARENT, lab, node ?? ''))) {
      try {
        rmdirSync(dir);
      } catch {
        clean = false;
      }
    }
    const parent = join(mount, PARENT);
    if (node === undefined && existsSync(parent) && subtree(parent).length === 1) {
      try {
        rmdirSync(parent);
      } catch {
        // Another lab has just made its own below it.
      }
    }
  }
  return clean;
}
