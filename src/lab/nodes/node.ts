/** One node's life: its disk, boot, reboot and end. */
import { randomUUID } from 'node:crypto';
import { chmodSync, copyFileSync, constants, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { output } from '../../core/process.ts';
import { LAB_DIR } from '../clusters/layout.ts';
import { labPaths, labRoot, namespaceName, namespacePath, nodePaths } from '../paths.ts';
import { hierarchies, labProcesses, makeCgroup, removeCgroups } from './cgroups.ts';
import { endProcesses } from './processes.ts';
import { labNamespaces, plug, removeNamespace } from './underlay.ts';

/** A file to put on a node's disk before it boots. */
export interface NodeFile {
  path: string;
  content: string;
  mode?: number;
}

/** Settings that kubelet, kube-proxy or a CNI write but that the kernel keeps once for the whole machine. */
const SHADOWED_SYSCTLS = ['kernel/panic', 'kernel/panic_on_oops', 'kernel/keys/root_maxkeys', 'kernel/keys/root_maxbytes', 'kernel/unprivileged_bpf_disabled', 'kernel/timer_migration', 'vm/overcommit_memory', 'vm/panic_on_oom', 'vm/max_map_count', 'fs/inotify/max_user_instances', 'fs/inotify/max_user_watches', 'net/core/bpf_jit_enable'].map((name) => `/proc/sys/${name}`);

/** Directories in which a node must not see what the machine itself has. */
const OPAQUE = ['/etc/cni', '/opt/cni', '/etc/rancher', '/var/lib/rancher', '/etc/kubernetes', '/etc/containerd', '/etc/systemd/system', '/var/lib/cni', '/var/lib/calico', '/var/lib/etcd', '/var/lib/containerd', '/var/lib/kube-proxy', '/var/log', '/var/lib/fairlead'];

/** Bound from the real disk: what the kubelet mounts below it must not lie on an overlay. */
const KUBELET_DIR = '/var/lib/kubelet';

export interface NodeDisk {
  files: NodeFile[];
  /** Programs copied to the node: path in the node → path on this machine. */
  copies: Record<string, string>;
  links: Record<string, string>;
  /** Directories of this machine that the node sees and may not write to: path in the node → path on this machine. */
  readOnly?: Record<string, string>;
  containerdRoot: string;
}

/** Writes a node's disk. The programs of the lab are bound read-only at boot; what a CNI may replace is a copy. */
export function writeDisk(lab: string, node: string, disk: NodeDisk): void {
  const paths = nodePaths(lab, node);
  for (const dir of [paths.upper, paths.work, paths.root, paths.kubelet]) mkdirSync(dir, { recursive: true });
  const at = (path: string): string => {
    const target = path.startsWith(`${KUBELET_DIR}/`) ? join(paths.kubelet, path.slice(KUBELET_DIR.length)) : join(paths.upper, path);
    mkdirSync(dirname(target), { recursive: true });
    return target;
  };
  for (const file of disk.files) {
    writeFileSync(at(file.path), file.content, { mode: file.mode ?? 0o644 });
  }
  for (const [path, source] of Object.entries(disk.copies)) {
    copyFileSync(source, at(path), constants.COPYFILE_FICLONE);
    chmodSync(at(path), 0o755);
  }
  for (const [path, target] of Object.entries(disk.links)) symlinkSync(target, at(path));
  const spec = {
    hostname: node,
    netns: namespacePath(lab, node),
    upper: paths.upper,
    work: paths.work,
    root: paths.root,
    opaque: OPAQUE,
    binds: [
      { source: join(labPaths(lab).dir, 'bin'), target: `${LAB_DIR}/bin`, readOnly: true },
      { source: paths.containerd, target: disk.containerdRoot },
      { source: paths.kubelet, target: KUBELET_DIR },
      ...Object.entries(disk.readOnly ?? {}).map(([target, source]) => ({ source, target, readOnly: true })),
    ],
    masked: ['/root', '/home', labRoot()],
    shadowedSysctls: SHADOWED_SYSCTLS,
    pidFile: paths.pid,
    logFile: paths.log,
  };
  writeFileSync(paths.spec, JSON.stringify(spec, null, 2));
}

/** Boots a node: a new network namespace with its cable, new mount, PID, UTS, IPC and cgroup namespaces, a new boot id. Resolves when its process 1 has begun to start the node's services. */
export async function bootNode(lab: string, node: string, address: string): Promise<void> {
  const paths = nodePaths(lab, node);
  await plug(lab, node, address);
  const cgroups = hierarchies().map((hierarchy) => ({ dir: makeCgroup(hierarchy, lab, node), target: hierarchy.mount, type: hierarchy.type, options: hierarchy.options }));
  const spec = JSON.parse(readFileSync(paths.spec, 'utf8')) as Record<string, unknown>;
  writeFileSync(paths.spec, JSON.stringify({ ...spec, cgroups, bootId: randomUUID() }, null, 2));
  await output([join(labPaths(lab).dir, 'bin', 'labnode'), 'spawn', paths.spec]);
}

/** Ends every process of a node and takes its network away; its disk stays. Safe at any moment, also half-way through a boot. */
export async function stopNode(lab: string, node: string): Promise<void> {
  await endProcesses(() => labProcesses(lab, node), `node ${node}`);
  if ((await labNamespaces(lab)).includes(namespaceName(lab, node))) await removeNamespace(namespaceName(lab, node));
  removeCgroups(lab, node);
}
