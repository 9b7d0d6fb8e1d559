/**
 * `lab up --k3s FILE`: the file is what the nodes run, by files and settings of a real K3s. No real K3s is at hand
 * here, so FILE is the lab's stand-in under another name, with bytes of its own; what that cannot show stands in
 * docs/guides/lab.md.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NodeObject } from '../../src/cluster/objects.ts';
import { isReady } from '../../src/cluster/objects.ts';
import { cacheDir } from '../../src/lab/paths.ts';
import { resolveComponents } from '../../src/lab/sources/resolve.ts';
import { labNames } from '../../src/lab/state.ts';
import { readText } from '../../src/node/shell.ts';
import { fairlead, fairleadOk } from './support/fairlead.ts';
import { nodePod, startLab, untilReady, type TestLab } from './support/lab.ts';

const LAB = 'e6';
const K3S = '/var/lib/rancher/k3s';

let folder: string;
let file: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-k3s-'));
  file = join(folder, 'rancher-1.34');
  const standIn = (await resolveComponents(['k3s'], { cacheDir: cacheDir(), onProgress: () => {} })).get('k3s');
  copyFileSync(standIn?.path ?? '', file);
  // Behind the end of an ELF file anything may stand: the same program, and no other file has this digest.
  appendFileSync(file, 'given by --k3s');
}, 120_000);

afterAll(async () => {
  await fairleadOk('lab', 'down', '--name', LAB);
  rmSync(folder, { recursive: true });
});

describe('a file that cannot be used is refused before anything is made', () => {
  const script = (name: string, prints: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\necho '${prints}'\n`, { mode: 0o755 });
    return path;
  };
  const up = async (path: string, ...more: string[]): Promise<Awaited<ReturnType<typeof fairlead>>> => fairlead('lab', 'up', '--name', LAB, '--k3s', path, ...more);

  test.each([
    ['no file', () => join(folder, 'absent'), 'it cannot be run (ENOENT)'],
    ['no program', () => (writeFileSync(join(folder, 'text'), 'hello\n'), join(folder, 'text')), 'it cannot be run (EACCES)'],
    ['another program', () => script('other', 'hello'), '`k3s --version` printed no version of k3s'],
    ['an older K3s', () => script('old', 'k3s version v1.33.1+k3s1 (abc)'), 'it is 1.33.1+k3s1, but the lab needs 1.34.x'],
  ])('%s', async (_what, make, reason) => {
    const path = make();
    const said = await up(path);
    expect(said).toMatchObject({ code: 2, stderr: expect.stringContaining(`--k3s ${path} cannot be used: ${reason}.`) as string });
    expect(said.stderr).toContain('1.34.x for this machine, such as 1.34.4+k3s1');
    expect(labNames()).not.toContain(LAB);
  });

  test('a K3s for a profile without one', async () => {
    expect(await up(file, '--profile', 'kubeadm')).toMatchObject({ code: 2, stderr: expect.stringContaining('has no meaning for the profile kubeadm') as string });
  });
});

describe('a lab with --k3s', () => {
  let lab: TestLab;
  beforeAll(async () => {
    lab = await startLab(LAB, '--nodes', '2', '--k3s', file);
  }, 300_000);
  afterAll(() => lab.cluster.close());

  test('runs that file as the service of each node', async () => {
    const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
    for (const node of lab.nodes) {
      const unit = node === lab.nodes[0] ? 'k3s' : 'k3s-agent';
      const pid = (await lab.on(node, 'systemctl', 'show', unit, '-p', 'MainPID')).trim().replace('MainPID=', '');
      expect((await lab.on(node, 'sha256sum', `/proc/${pid}/exe`)).split(' ')[0]).toBe(digest);
    }
    expect(await fairleadOk('lab', 'status', '--name', LAB)).toContain(`${LAB}: k3s 1.34.4+lab, flannel vxlan`);
  });

  test('gets every image from archives in agent/images: nothing else is in its image store', async () => {
    for (const node of lab.nodes) {
      const archives = (await lab.on(node, 'ls', `${K3S}/agent/images`)).trim().split('\n');
      expect(archives.length).toBeGreaterThan(5);
      const unit = node === lab.nodes[0] ? 'k3s' : 'k3s-agent';
      const journal = await lab.on(node, 'journalctl', '-u', unit, '-o', 'cat');
      for (const archive of archives) expect(journal).toContain(`Importing images from ${K3S}/agent/images/${archive}`);
      expect(journal).not.toContain('Error encountered while importing');
      expect(await lab.on(node, 'ctr', 'images', 'list', '--quiet')).toContain('registry.k8s.io/pause:3.10');
      expect((await lab.shell(node).run(['touch', `${K3S}/agent/images/more.tar`])).stderr).toContain('Read-only file system');
    }
  });

  test('leaves the policy controller and its settings to K3s', async () => {
    const config = (await readText(lab.shell(lab.nodes[0]), '/etc/rancher/k3s/config.yaml')) ?? '';
    expect(config).not.toContain('disable-network-policy');
    expect(config).toMatch(/disable:\n {2}- coredns\n/);
  });

  test('is a cluster: nodes Ready, CoreDNS by a manifest of its own name, pods on every node', async () => {
    expect((await lab.cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' })).map(isReady)).toEqual([true, true]);
    expect(await lab.on(lab.nodes[0], 'ls', `${K3S}/server/manifests`)).toContain('lab-coredns.yaml');
    await lab.apply(...lab.nodes.map((node) => nodePod(`on-${node}`, node)));
    await untilReady(lab, ...lab.nodes.map((node) => `on-${node}`));
  });
});
