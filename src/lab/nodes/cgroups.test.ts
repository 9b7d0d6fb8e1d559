import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCgroup, parseHierarchies } from './cgroups.ts';

const hybrid = `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
24 22 0:23 / /sys rw,nosuid,nodev,noexec,relatime - sysfs sysfs rw
28 24 0:27 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,mode=755
29 28 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
30 28 0:37 / /sys/fs/cgroup/systemd rw,nosuid shared:10 master:3 - cgroup cgroup rw,xattr,release_agent=/usr/lib/systemd/systemd-cgroups-agent,name=systemd
31 28 0:38 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime - cgroup2 cgroup2 rw,nsdelegate
32 22 0:40 / /mnt/cgroup rw - cgroup cgroup rw,memory
33 22 0:4 net:[4026532000] /run/netns/fl-a-net rw - nsfs nsfs rw
`;

describe('parseHierarchies', () => {
  it('reads a hybrid tree: version 1 by controllers or name, version 2 without options', () => {
    expect(parseHierarchies(hybrid)).toEqual([
      { mount: '/sys/fs/cgroup/cpu,cpuacct', type: 'cgroup', options: 'cpu,cpuacct' },
      { mount: '/sys/fs/cgroup/systemd', type: 'cgroup', options: 'name=systemd' },
      { mount: '/sys/fs/cgroup/unified', type: 'cgroup2', options: '' },
    ]);
  });

  it('reads a unified tree', () => {
    const unified = '35 24 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n';
    expect(parseHierarchies(unified)).toEqual([{ mount: '/sys/fs/cgroup', type: 'cgroup2', options: '' }]);
  });

  it('takes the mount that covers another at the same place', () => {
    const twice = '35 24 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n36 35 0:30 / /sys/fs/cgroup rw - cgroup cgroup rw,cpu\n';
    expect(parseHierarchies(twice)).toEqual([{ mount: '/sys/fs/cgroup', type: 'cgroup', options: 'cpu' }]);
  });

  it('finds nothing where there is nothing', () => expect(parseHierarchies('')).toEqual([]));
});

// Plain files in the places of the kernel's: which files are written, in which order of directories, not what the
// kernel makes of it. See docs/guides/lab.md for what is therefore not tested of version 2.
describe('makeCgroup', () => {
  let mount: string;
  beforeEach(() => {
    mount = mkdtempSync(join(tmpdir(), 'fairlead-cgroup-'));
  });
  afterEach(() => rmSync(mount, { recursive: true }));

  it('in version 2 has every ancestor hand down what a kubelet needs, and nothing else', () => {
    for (const dir of ['', 'fairlead', 'fairlead/a', 'fairlead/a/node']) {
      mkdirSync(join(mount, dir), { recursive: true });
      writeFileSync(join(mount, dir, 'cgroup.controllers'), 'cpuset cpu io memory hugetlb pids\n');
    }
    expect(makeCgroup({ mount, type: 'cgroup2', options: '' }, 'a', 'node')).toBe(join(mount, 'fairlead/a/node'));
    for (const dir of ['', 'fairlead', 'fairlead/a']) {
      // Each controller is a write of its own, so that one that is refused does not take the others with it; the last one shows.
      expect(readFileSync(join(mount, dir, 'cgroup.subtree_control'), 'utf8')).toBe('+pids');
    }
    expect(existsSync(join(mount, 'fairlead/a/node/cgroup.subtree_control'))).toBe(false);
  });

  it('leaves a hierarchy of version 2 alone whose controllers version 1 has', () => {
    writeFileSync(join(mount, 'cgroup.controllers'), 'hugetlb\n');
    makeCgroup({ mount, type: 'cgroup2', options: '' }, 'a', 'node');
    expect(existsSync(join(mount, 'cgroup.subtree_control'))).toBe(false);
  });

  it('in version 1 gives a cpuset the CPUs and memory nodes of its parent', () => {
    for (const dir of ['', 'fairlead', 'fairlead/a', 'fairlead/a/node']) {
      mkdirSync(join(mount, dir), { recursive: true });
      for (const file of ['cpuset.cpus', 'cpuset.mems']) writeFileSync(join(mount, dir, file), dir === '' ? '0-1\n' : '\n');
    }
    const dir = makeCgroup({ mount, type: 'cgroup', options: 'cpuset' }, 'a', 'node');
    expect(readFileSync(join(dir, 'cpuset.cpus'), 'utf8')).toBe('0-1\n');
    expect(readFileSync(join(dir, 'cpuset.mems'), 'utf8')).toBe('0-1\n');
  });
});
