/** The table of programs that the lab uses, and the check that finds them. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';

import type { Check, Machine } from './check.ts';

/** A program, the Debian package that has it and what the lab does with it. */
export interface ProgramRequirement {
  command: string;
  debianPackage: string;
  purpose: string;
}

export const PROGRAMS: readonly ProgramRequirement[] = [
  { command: 'containerd', debianPackage: 'containerd', purpose: "a node's container runtime" },
  { command: 'runc', debianPackage: 'runc', purpose: 'starts containers for containerd' },
  { command: 'etcd', debianPackage: 'etcd-server', purpose: "the API server's datastore" },
  { command: 'etcdctl', debianPackage: 'etcd-client', purpose: 'snapshots of the datastore' },
  { command: 'ip', debianPackage: 'iproute2', purpose: 'namespaces, links, routes' },
  { command: 'iptables', debianPackage: 'iptables', purpose: 'kube-proxy, Flannel, Felix' },
  { command: 'ipset', debianPackage: 'ipset', purpose: 'Felix' },
  { command: 'conntrack', debianPackage: 'conntrack', purpose: 'kube-proxy' },
  { command: 'nft', debianPackage: 'nftables', purpose: 'inspection of the packet filter' },
  { command: 'ethtool', debianPackage: 'ethtool', purpose: 'offloads of virtual links' },
  { command: 'tcpdump', debianPackage: 'tcpdump', purpose: 'proof that no frame leaves the lab' },
  { command: 'ping', debianPackage: 'iputils-ping', purpose: 'reachability inside the lab' },
  { command: 'ps', debianPackage: 'procps', purpose: 'processes of a node' },
  { command: 'modprobe', debianPackage: 'kmod', purpose: 'kernel modules asked for by components' },
  { command: 'nsenter', debianPackage: 'util-linux', purpose: 'commands inside a node' },
  { command: 'mount', debianPackage: 'mount', purpose: "a node's file system" },
  { command: 'sshd', debianPackage: 'openssh-server', purpose: 'nodes that tests reach by ssh' },
  { command: 'sudo', debianPackage: 'sudo', purpose: "a user of such a node who is not root" },
  { command: 'busybox', debianPackage: 'busybox-static', purpose: 'programs inside test images' },
];

/** Programs needed only to build Flannel, which uses cgo. */
export const COMPILER: readonly ProgramRequirement[] = [
  { command: 'gcc', debianPackage: 'gcc', purpose: 'builds Flannel (it uses cgo)' },
];

/** Absolute path of a program in the folders of `path`; undefined when none has it. */
export async function findProgram(command: string, path: readonly string[]): Promise<string | undefined> {
  for (const folder of path) {
    const candidate = join(folder, command);
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not in this folder; the next one may have it.
    }
  }
  return undefined;
}

/** The check of one program. */
export async function checkProgram(requirement: ProgramRequirement, group: Check['group'], machine: Machine): Promise<Check> {
  const { command, debianPackage, purpose } = requirement;
  const found = await findProgram(command, machine.path);
  const check: Check = {
    id: `program.${command}`,
    group,
    title: command,
    purpose,
    verdict: found === undefined ? 'fail' : 'pass',
    seen: found ?? 'not found',
    debianPackage,
  };
  if (found === undefined) {
    check.fix = machine.isDebian
      ? `apt-get install --no-install-recommends ${debianPackage}`
      : `install ${command} (Debian's package: ${debianPackage}) with this system's package manager`;
  }
  return check;
}
