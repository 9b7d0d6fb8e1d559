/** What a machine has only so much of, and labs use up: short of it nothing is missing, but labs fail in ways that do not name the cause. */
import { existsSync } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

import { cacheDir, labRoot } from '../paths.ts';
import type { Check } from './check.ts';

/** inotify instances of a lab of three nodes, measured with Kubernetes 1.34: kube-apiserver 6, controller-manager 5, each kubelet 6, each containerd 1; Flannel, Calico and the applications take none. */
const INOTIFY_OF_A_LAB = 32;
/** Room for eight such labs and as much again for everything else that root runs. */
const INOTIFY_ENOUGH = 512;
const GIGABYTE = 1e9;
/** Bytes. Measured, three nodes: 0.7 GB of memory with Flannel and the applications, 1.1 GB with Calico, and up to 0.5 GB for the probe agents. */
const MEMORY_ENOUGH = 2 * GIGABYTE;
/** Bytes. Measured, three nodes: 0.3 GB of its own with Flannel, 0.7 GB with Calico. */
const DISK_ENOUGH = 2 * GIGABYTE;
/** Bytes. Measured, first build: 7.5 GB in Go's two caches, 0.9 GB of programs, 1.5 GB of images. */
const DISK_FOR_BUILD = 12 * GIGABYTE;

const gigabytes = (bytes: number): string => `${(bytes / GIGABYTE).toFixed(1)} GB`;

/** Judges fs.inotify.max_user_instances; `text` is the content of its file. */
export function judgeInotify(text: string): Check {
  const limit = Number(text.trim());
  const check: Check = { id: 'limits.inotify', group: 'limits', title: 'inotify instances', purpose: `a lab of three nodes takes ${INOTIFY_OF_A_LAB}; short of them its kubelets say "too many open files"`, verdict: 'pass', seen: String(limit) };
  if (limit >= INOTIFY_ENOUGH) return check;
  return { ...check, verdict: 'warn', seen: `${limit}, for ${Math.floor(limit / INOTIFY_OF_A_LAB)} labs at most`, fix: 'sysctl -w fs.inotify.max_user_instances=1024 (kept over reboots by fs.inotify.max_user_instances=1024 in a file of /etc/sysctl.d)' };
}

/** Judges the memory that is to be had, from /proc/meminfo; undefined where that does not say. */
export function judgeMemory(meminfo: string): Check | undefined {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  if (kibibytes === undefined) return undefined;
  const available = Number(kibibytes) * 1024;
  const check: Check = { id: 'limits.memory', group: 'limits', title: 'memory', purpose: `a migration of three nodes takes about ${gigabytes(MEMORY_ENOUGH)}`, verdict: 'pass', seen: `${gigabytes(available)} available` };
  return available >= MEMORY_ENOUGH ? check : { ...check, verdict: 'warn', fix: 'end other programs, take other labs down (`fairlead lab status` shows them) or use fewer nodes' };
}

/** Judges the free bytes of the file system of `path`. */
export function judgeDisk(path: string, free: number, built: boolean): Check {
  const enough = built ? DISK_ENOUGH : DISK_FOR_BUILD;
  const check: Check = { id: 'limits.disk', group: 'limits', title: 'disk', purpose: built ? `a lab takes up to ${gigabytes(DISK_ENOUGH)}` : `the first build takes up to ${gigabytes(DISK_FOR_BUILD)}`, verdict: 'pass', seen: `${gigabytes(free)} free in ${path}` };
  return free >= enough ? check : { ...check, verdict: 'warn', fix: 'make room, or choose other places: FAIRLEAD_LAB_ROOT (labs), FAIRLEAD_CACHE (programs and images)' };
}

/** `path`, or the nearest directory above it that exists. */
function existing(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path));
}

/** The checks of this machine, which must be a Linux one. Locked kernel keys and connection tracking are left out: root's 1,000,000 keys and the 262,144 connections of each network namespace were never near (a lab holds some 40 keys, and its busiest node 559 connections). */
export async function checkLimits(): Promise<Check[]> {
  const inotify = await readFile('/proc/sys/fs/inotify/max_user_instances', 'utf8').catch(() => undefined);
  const memory = judgeMemory(await readFile('/proc/meminfo', 'utf8'));
  const built = existsSync(`${cacheDir()}/components`);
  const places = [...new Set([existing(labRoot()), existing(cacheDir())])];
  const disks = await Promise.all(places.map(async (path) => {
    const { bavail, bsize } = await statfs(path);
    return judgeDisk(path, bavail * bsize, built);
  }));
  // Both on one file system is the usual case: one line is enough, the worse one.
  const disk = disks.find(({ verdict }) => verdict === 'warn') ?? disks[0];
  return [...(inotify === undefined ? [] : [judgeInotify(inotify)]), ...(memory === undefined ? [] : [memory]), ...(disk === undefined ? [] : [disk])];
}
