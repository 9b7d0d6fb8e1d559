import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import type { Check, Machine } from './check.ts';
import { installCommand, missingPackages } from './debian.ts';
import { judgeCgroups } from './kernel.ts';
import { judgeDisk, judgeInotify, judgeMemory } from './limits.ts';
import { checkMachine, isGoNewEnough, labObstacles } from './machine.ts';
import { checkProgram, findProgram, PROGRAMS } from './programs.ts';
import { renderChecks, renderMissing, renderWarnings } from './render.ts';
import { doctorReport } from './schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-programs-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'runc'), '', { mode: 0o755 });
writeFileSync(join(folder, 'etcd'), '', { mode: 0o644 });

const debian: Machine = { platform: 'linux', isRoot: true, isDebian: true, path: ['/nonexistent', folder] };
const failed = (part: Partial<Check>): Check => ({ id: 'x', group: 'programs', title: 'x', purpose: 'p', verdict: 'fail', seen: 'not found', ...part });

describe('programs', () => {
  it('are found when they can be executed', async () => {
    expect(await findProgram('runc', debian.path)).toBe(join(folder, 'runc'));
    expect(await findProgram('etcd', debian.path)).toBeUndefined();
  });

  it('name their Debian package when they are missing', async () => {
    const requirement = { command: 'etcd', debianPackage: 'etcd-server', purpose: 'p' };
    const onDebian = await checkProgram(requirement, 'programs', debian);
    expect(onDebian).toMatchObject({ verdict: 'fail', fix: 'apt-get install --no-install-recommends etcd-server' });
    const elsewhere = await checkProgram(requirement, 'programs', { ...debian, isDebian: false });
    expect(elsewhere.fix).toContain('install etcd');
  });

  it('are in the table once each', () => {
    const names = PROGRAMS.map((program) => program.command);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the machine', () => {
  it('without the programs fails each by name and skips what cannot be tried', async () => {
    const checks = await checkMachine({ ...debian, isRoot: false, path: [folder] });
    const verdicts = new Map(checks.map((check) => [check.id, check.verdict]));
    expect(verdicts.get('program.runc')).toBe('pass');
    expect(verdicts.get('program.containerd')).toBe('fail');
    expect(verdicts.get('machine.root')).toBe('fail');
    expect(verdicts.get('kernel.vxlan')).toBe('skip');
    expect(verdicts.get('build.go')).toBe('fail');
  });

  it('that is no Linux has one reason, without trying anything', async () => {
    const checks = await checkMachine({ platform: 'darwin', isRoot: true, isDebian: false, path: [] });
    expect(checks.map((check) => check.id)).toEqual(['machine.linux', 'machine.root']);
    expect(labObstacles(checks)).toHaveLength(1);
  });

  it('may lack a compiler and still run the lab', () => {
    expect(labObstacles([failed({ group: 'build' })])).toEqual([]);
    expect(labObstacles([failed({ group: 'kernel' })])).toHaveLength(1);
  });

  it.each([
    ['go1.26', true],
    ['go1.26.8', true],
    ['go1.30rc1', true],
    ['go2.0', true],
    ['go1.25.9', false],
    ['devel', false],
    ['', false],
  ])('has Go %s: %s', (version, expected) => expect(isGoNewEnough(version)).toBe(expected));
});

describe('control groups', () => {
  const v1 = 'cgroup /sys/fs/cgroup/cpu cgroup rw,cpu,cpuacct 0 0\ncgroup /m cgroup rw,memory 0 0\ncgroup /p cgroup rw,pids 0 0\n';
  it('are those of version 1, version 2, or named as missing', () => {
    expect(judgeCgroups(v1, '')).toMatchObject({ verdict: 'pass', seen: 'version 1' });
    expect(judgeCgroups('cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n', 'cpuset cpu io memory pids\n')).toMatchObject({ verdict: 'pass', seen: 'version 2' });
    expect(judgeCgroups(v1.replace('memory', 'net_cls'), '')).toMatchObject({ verdict: 'fail', seen: 'no controller memory' });
  });
});

describe('room for labs', () => {
  it('is short of inotify instances where the limit is the usual 128', () => {
    expect(judgeInotify('128\n')).toMatchObject({ verdict: 'warn', seen: '128, for 4 labs at most', fix: expect.stringContaining('sysctl -w fs.inotify.max_user_instances=1024') as string });
    expect(judgeInotify('1024\n')).toMatchObject({ verdict: 'pass', seen: '1024' });
  });

  it('is short of memory by what is available, not by what is free', () => {
    expect(judgeMemory('MemFree: 100 kB\nMemAvailable:    8000000 kB\n')).toMatchObject({ verdict: 'pass', seen: '8.2 GB available' });
    expect(judgeMemory('MemFree: 9000000 kB\nMemAvailable:    1000000 kB\n')).toMatchObject({ verdict: 'warn' });
    expect(judgeMemory('MemFree: 100 kB\n')).toBeUndefined();
  });

  it('is short of disk sooner when everything has to be built', () => {
    expect(judgeDisk('/d', 5e9, true)).toMatchObject({ verdict: 'pass', seen: '5.0 GB free in /d' });
    expect(judgeDisk('/d', 5e9, false)).toMatchObject({ verdict: 'warn' });
    expect(judgeDisk('/d', 1e9, true)).toMatchObject({ verdict: 'warn' });
  });

  it('does not keep the lab from running, and is named with what to do', () => {
    const short = [judgeInotify('128'), judgeDisk('/d', 9e9, true)];
    expect(labObstacles(short)).toEqual([]);
    expect(doctorReport(short).ok).toBe(true);
    expect(renderChecks(short, { colour: false })).toContain('  short    inotify instances  128, for 4 labs at most (a lab of three nodes takes 32');
    expect(renderWarnings(short)).toBe('\nThe lab runs, but may fail for want of:\n  inotify instances: sysctl -w fs.inotify.max_user_instances=1024 (kept over reboots by fs.inotify.max_user_instances=1024 in a file of /etc/sysctl.d)\n');
    expect(renderWarnings([])).toBe('');
  });
});

describe('missing packages', () => {
  it('are named once, with what must come along', () => {
    const checks = [failed({ debianPackage: 'gcc' }), failed({ debianPackage: 'ipset' }), failed({ debianPackage: 'ipset' }), failed({})];
    expect(missingPackages(checks)).toEqual(['gcc', 'libc6-dev', 'ipset']);
    expect(missingPackages([{ ...failed({ debianPackage: 'ipset' }), verdict: 'pass' }])).toEqual([]);
    expect(installCommand(['ipset'])).toBe('apt-get update && apt-get install --yes --no-install-recommends ipset');
  });
});

describe('the text', () => {
  const checks = [failed({ title: 'ipset', debianPackage: 'ipset', fix: 'apt-get install ipset' }), failed({ group: 'kernel', title: 'VXLAN devices', fix: 'load vxlan' })];

  it('groups the checks and says what each failed one is for', () => {
    expect(renderChecks(checks, { colour: false })).toBe(
      'Programs\n  missing  ipset          not found (p)\n\nKernel\n  missing  VXLAN devices  not found (p)\n',
    );
  });

  it('ends with one command for all packages and a line for everything else', () => {
    const text = renderMissing(checks, { ...debian, isRoot: false }, 'apt-get install ipset');
    expect(text).toContain('VXLAN devices: load vxlan');
    expect(text).toContain('missing packages, as root: apt-get install ipset');
    expect(text).not.toContain('ipset: ');
    expect(text).toContain('everything that needs no lab runs as it is');
  });

  it('is a document with a verdict of its own in JSON', () => {
    expect(doctorReport(checks).ok).toBe(false);
    expect(doctorReport([{ ...failed({}), verdict: 'skip' }]).ok).toBe(true);
  });
});
