/** Everything about this machine that a lab could leave a trace in, as sets of lines that can be compared. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { output, runProcess } from '../../../src/core/process.ts';
import { labRoot } from '../../../src/lab/paths.ts';
import { labNames } from '../../../src/lab/state.ts';

export type Machine = Record<string, string[]>;

/** Settings that change by themselves, each with its reason; every other one must be after a lab what it was before. */
const MOVING_SYSCTLS: Record<string, RegExp> = {
  'counters of open files, inodes and directory entries': /^fs\.(dentry-state|file-nr|inode-nr|inode-state|aio-nr) /,
  'a counter of file system syncs': /^fs\.quota\.syncs /,
  'the last pid': /^kernel\.ns_last_pid /,
  'random numbers, made anew at each reading': /^kernel\.random\.(uuid|entropy_avail) /,
  'terminals in use': /^kernel\.pty\.nr /,
  'tracked connections of this machine': /^net\.netfilter\.nf_conntrack_count /,
  'an average that the network stack keeps': /^net\.(ipv4\.tcp_mem|ipv4\.udp_mem|core\.bpf_jit_limit) /,
};

const lines = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');

function below(dir: string, depth: number, wanted: 'all' | 'directories' = 'all'): string[] {
  if (depth === 0 || !existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    return [...(wanted === 'all' || entry.isDirectory() ? [path] : []), ...(entry.isDirectory() ? below(path, depth - 1, wanted) : [])];
  });
}

/** Names of other labs, whose comings and goings are none of this test's business. */
function ofOthers(mine: readonly string[]): RegExp {
  const withCgroups = below('/sys/fs/cgroup', 3, 'directories').map((path) => /\/fairlead\/([^/]+)$/.exec(path)?.[1] ?? '');
  const names = [...new Set([...withCgroups, ...labNames()])].filter((name) => name !== '' && !mine.includes(name));
  return names.length === 0 ? /$^/ : new RegExp(`(/fairlead|/lab)/(${names.join('|')})(/|$|\\s)|\\bfl-(${names.join('|')})-(net|outside|(${names.join('|')})-)`);
}

/** Processes of this machine that have something of these labs: cgroup, mounts, command line or network namespace. */
function processesOf(labs: readonly string[]): string[] {
  const any = labs.join('|');
  const trace = new RegExp(`/fairlead/(${any})/|${labRoot()}/(${any})/|\\bfl-(${any})-`);
  // Every mount namespace of this machine shows the names of the labs' network namespaces; a node's has its disk.
  const disk = new RegExp(`${labRoot()}/(${any})/`);
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  };
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid)).flatMap((pid) => {
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
    // A dead process that process 1 of this machine has not reaped yet holds nothing any more.
    if (/^\d+ \(.*\) Z /.test(read(`/proc/${pid}/stat`))) return [];
    const found = trace.test(command) || trace.test(read(`/proc/${pid}/cgroup`)) || disk.test(read(`/proc/${pid}/mountinfo`));
    return found ? [`${pid} ${command || readExe(pid)}`] : [];
  });
}

function readExe(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '?';
  }
}

async function said(argv: readonly string[]): Promise<string[]> {
  return lines(await output(argv));
}

/** Looks at the machine; `mine` are the labs of the test. */
export async function lookAtMachine(mine: readonly string[]): Promise<Machine> {
  const sysctls = lines(Buffer.from((await runProcess(['sysctl', '-a'])).stdout).toString());
  const seen: Machine = {
    'processes of the labs': processesOf(mine),
    'network namespaces': (await said(['ip', 'netns', 'list'])).map((line) => line.replace(/ \(id: \d+\)$/, '')),
    'network interfaces': (await said(['ip', '-oneline', 'link'])).map((line) => line.replace(/^\d+: ([^:]+):.*(mtu \d+).*/, '$1 $2')),
    addresses: (await said(['ip', '-oneline', 'address'])).map((line) => line.replace(/^\d+: /, '').replace(/valid_lft.*/, '')),
    routes: await said(['ip', 'route', 'show', 'table', 'all']),
    rules: await said(['ip', 'rule']),
    // Of this machine's own neighbours some are always just being met or forgotten.
    'neighbours with a lab address': (await said(['ip', 'neigh'])).filter((line) => /^(192\.168\.77|10\.4[23]|203\.0\.113)\./.test(line)),
    mounts: lines(readFileSync('/proc/self/mountinfo', 'utf8')).map((line) => line.split(' ').slice(3, 6).join(' ')),
    nftables: await said(['nft', 'list', 'ruleset']),
    sysctls: sysctls.filter((line) => !Object.values(MOVING_SYSCTLS).some((moving) => moving.test(line))),
    'cgroups of labs': below('/sys/fs/cgroup', 4, 'directories').filter((path) => path.includes('/fairlead/') || (path.endsWith('/fairlead') && below(path, 1, 'directories').length === 0)),
    'files of labs': below(labRoot(), 1),
    '/run': below('/run', 2).filter((path) => !path.startsWith('/run/user/')),
    '/etc/cni, /opt/cni, /var/lib': ['/etc/cni', '/opt/cni', '/var/lib/cni', '/var/lib/calico', '/var/lib/kubelet', '/var/lib/rancher', '/etc/rancher', '/etc/kubernetes', '/var/log/pods', '/var/log/containers'].flatMap((dir) => (existsSync(dir) ? [dir, ...below(dir, 3)] : [])),
    'loaded kernel modules': existsSync('/proc/modules') ? lines(readFileSync('/proc/modules', 'utf8')).map((line) => line.split(' ')[0] ?? '') : [],
  };
  const others = ofOthers(mine);
  return Object.fromEntries(Object.entries(seen).map(([what, found]) => [what, found.filter((line) => !others.test(line)).toSorted()]));
}

/** What differs between two looks at the machine, one line each: `- ` was there before, `+ ` has come. */
export function differences(before: Machine, after: Machine): string[] {
  return Object.keys(before).flatMap((what) => {
    const [old, now] = [before[what] ?? [], after[what] ?? []];
    return [...old.filter((line) => !now.includes(line)).map((line) => `${what}: - ${line}`), ...now.filter((line) => !old.includes(line)).map((line) => `${what}: + ${line}`)];
  });
}
