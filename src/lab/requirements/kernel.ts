/** The table of kernel features that the lab uses; each is tried for real inside namespaces that end with the trial. */
import { readFile } from 'node:fs/promises';

import { runProcess } from '../../core/process.ts';
import type { Check } from './check.ts';

/** A feature and the commands that use it, run in order inside new network and mount namespaces. */
export interface KernelRequirement {
  id: string;
  title: string;
  purpose: string;
  /** Each an argv; the first that fails fails the check. */
  trial: readonly (readonly string[])[];
  /** Module to load or option to build in, for the message. */
  module: string;
}

export const KERNEL_FEATURES: readonly KernelRequirement[] = [
  {
    id: 'kernel.namespaces',
    title: 'namespaces (network, mount, PID, UTS)',
    purpose: 'a lab node is a set of them',
    trial: [['unshare', '--net', '--mount', '--pid', '--uts', '--fork', 'true']],
    module: 'CONFIG_NET_NS, CONFIG_PID_NS, CONFIG_UTS_NS',
  },
  {
    id: 'kernel.veth',
    title: 'veth pairs',
    purpose: 'cables between nodes and pods',
    trial: [['ip', 'link', 'add', 'veth-a', 'type', 'veth', 'peer', 'name', 'veth-b']],
    module: 'veth',
  },
  {
    id: 'kernel.bridge',
    title: 'bridges',
    purpose: "the lab's switch, Flannel's cni0",
    trial: [['ip', 'link', 'add', 'br-a', 'type', 'bridge']],
    module: 'bridge',
  },
  {
    id: 'kernel.vxlan',
    title: 'VXLAN devices',
    purpose: "Flannel's and Calico's tunnels",
    trial: [['ip', 'link', 'add', 'vx-a', 'type', 'vxlan', 'id', '1', 'dstport', '8472', 'local', '127.0.0.1', 'dev', 'lo', 'nolearning']],
    module: 'vxlan',
  },
  {
    id: 'kernel.overlay',
    title: 'overlay file system',
    purpose: "a node's own files over this machine's",
    trial: [
      ['mount', '-t', 'tmpfs', 'tmpfs', '/mnt'],
      ['mkdir', '/mnt/lower', '/mnt/upper', '/mnt/work', '/mnt/merged'],
      ['mount', '-t', 'overlay', 'overlay', '-o', 'lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work', '/mnt/merged'],
    ],
    module: 'overlay',
  },
  {
    id: 'kernel.netfilter',
    title: 'nf_tables with NAT and conntrack',
    purpose: 'Services, masquerading, policies',
    trial: [
      ['iptables', '-w', '-t', 'nat', '-A', 'POSTROUTING', '-m', 'comment', '--comment', 'doctor', '-j', 'MASQUERADE'],
      ['iptables', '-w', '-A', 'FORWARD', '-m', 'conntrack', '--ctstate', 'ESTABLISHED', '-m', 'mark', '--mark', '0x1', '-j', 'ACCEPT'],
    ],
    module: 'nf_tables nft_compat nft_chain_nat xt_comment xt_conntrack xt_mark xt_MASQUERADE',
  },
  {
    id: 'kernel.ipset',
    title: 'IP sets',
    purpose: "Felix' policies",
    trial: [
      ['ipset', 'create', 'doctor', 'hash:net'],
      ['iptables', '-w', '-A', 'FORWARD', '-m', 'set', '--match-set', 'doctor', 'src', '-j', 'ACCEPT'],
    ],
    module: 'ip_set ip_set_hash_net xt_set',
  },
];

/** Tries one feature as root. Nothing of it remains: the namespaces end with the command. */
export async function tryKernelFeature(feature: KernelRequirement): Promise<Check> {
  const check: Check = { id: feature.id, group: 'kernel', title: feature.title, purpose: feature.purpose, verdict: 'pass', seen: 'works' };
  // The words come from the table above alone, so that joining them into one shell line is safe.
  const script = feature.trial.map((argv) => argv.join(' ')).join(' && ');
  const result = await runProcess(['unshare', '--net', '--mount', '--propagation', 'private', 'sh', '-c', script], { timeoutMs: 10_000 });
  if (result.code === 0) return check;
  const said = result.stderr.trim().split('\n').at(-1) ?? '';
  return { ...check, verdict: 'fail', seen: said || `status ${result.code}`, fix: `load or build the kernel with ${feature.module}` };
}

const CONTROLLERS = ['cpu', 'memory', 'pids'];

/** Control groups: v2 with the controllers enabled, or a v1 hierarchy for each. Text is /proc/self/mounts and, for v2, cgroup.controllers at its root. */
export function judgeCgroups(mounts: string, v2Controllers: string): Check {
  const check = { id: 'kernel.cgroups', group: 'kernel' as const, title: 'control groups', purpose: "a node's and its pods' limits" };
  const rows = mounts.split('\n').map((line) => line.split(' '));
  const v1 = new Set(rows.filter((row) => row[2] === 'cgroup').flatMap((row) => (row[3] ?? '').split(',')));
  const v2 = new Set(v2Controllers.trim().split(/\s+/));
  if (CONTROLLERS.every((name) => v1.has(name))) return { ...check, verdict: 'pass', seen: 'version 1' };
  if (CONTROLLERS.every((name) => v2.has(name))) return { ...check, verdict: 'pass', seen: 'version 2' };
  const missing = CONTROLLERS.filter((name) => !v1.has(name) && !v2.has(name));
  return {
    ...check,
    verdict: 'fail',
    seen: `no controller ${missing.join(', ')}`,
    fix: 'mount cgroup2 on /sys/fs/cgroup (or a v1 hierarchy per controller)',
  };
}

/** The check of this machine's control groups. */
export async function checkCgroups(): Promise<Check> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  const root = mounts.split('\n').map((line) => line.split(' ')).find((row) => row[2] === 'cgroup2')?.[1];
  const controllers = root === undefined ? '' : await readFile(`${root}/cgroup.controllers`, 'utf8').catch(() => '');
  return judgeCgroups(mounts, controllers);
}
