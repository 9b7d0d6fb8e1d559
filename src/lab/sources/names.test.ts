import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { componentsRoot, FAMILY_NAMES, familyOf, loadFamily } from './families.ts';
import { buildArguments } from './go-build.ts';
import { CALICO_VERSION, CNI_PLUGINS_VERSION, COMPONENT_NAMES, COREDNS_VERSION, FLANNEL_VERSION, KUBERNETES_VERSION } from './names.ts';
import { releases, releaseOf, releaseUrl } from './releases.ts';

describe('the pinned versions', () => {
  test.each([
    ['kubernetes', 'k8s.io/kubernetes', KUBERNETES_VERSION],
    ['flannel-cni-coredns', 'github.com/flannel-io/flannel', FLANNEL_VERSION],
    ['flannel-cni-coredns', 'github.com/containernetworking/plugins', CNI_PLUGINS_VERSION],
    ['flannel-cni-coredns', 'github.com/coredns/coredns', COREDNS_VERSION],
  ])('%s go.mod pins %s at %s', async (family, module, version) => {
    const goMod = await readFile(join(componentsRoot(), family, 'go.mod'), 'utf8');
    expect(goMod).toMatch(new RegExp(`^\\s*(?:require )?${module} v${version.replaceAll('.', '\\.')}(?: |$)`, 'm'));
  });

  test('calico go.mod pins the commit of its tag', async () => {
    expect(CALICO_VERSION).toBe('3.31.0');
    const goMod = await readFile(join(componentsRoot(), 'calico', 'go.mod'), 'utf8');
    expect(goMod).toContain('github.com/projectcalico/calico v0.0.0-20251021213802-b1f3c43f8437');
  });
});

describe('the families', () => {
  test('build every component that belongs to them, and nothing else', async () => {
    const built = new Map<string, string>();
    for (const name of FAMILY_NAMES) {
      const family = await loadFamily(name);
      for (const unit of family.units) {
        for (const program of unit.programs) built.set(program.name, name);
        expect(buildArguments({ family, unit, packages: new Map(), outputDirectory: '/out', workDirectory: '/work' })).toContain('build');
      }
    }
    const wanted = COMPONENT_NAMES.flatMap((name) => {
      const family = familyOf(name);
      return family === undefined ? [] : [[name, family] as const];
    });
    expect(built).toEqual(new Map(wanted));
  });

  test('what is not built is what comes from packages or releases', () => {
    expect(COMPONENT_NAMES.filter((name) => familyOf(name) === undefined)).toEqual([
      'etcd',
      'etcdctl',
      'containerd',
      'containerd-shim-runc-v2',
      'ctr',
      'runc',
      'k3s-release',
    ]);
  });
});

describe('the releases', () => {
  test('are addressed at their own hosts, or below a mirror by host and path', () => {
    const kubelet = releaseOf('kubelet', 'amd64')!;
    expect(releaseUrl(kubelet.file, undefined)).toBe('https://dl.k8s.io/release/v1.34.4/bin/linux/amd64/kubelet');
    expect(releaseUrl(kubelet.checksums, 'http://mirror/')).toBe('http://mirror/dl.k8s.io/release/v1.34.4/bin/linux/amd64/kubelet.sha256');
    const k3s = releaseOf('k3s-release', 'arm64')!;
    expect(releaseUrl(k3s.file, undefined)).toBe('https://github.com/k3s-io/k3s/releases/download/v1.34.4%2Bk3s1/k3s-arm64');
    expect(releaseUrl(k3s.checksums, undefined)).toBe('https://github.com/k3s-io/k3s/releases/download/v1.34.4%2Bk3s1/sha256sum-arm64.txt');
  });

  test('hold every component once', () => {
    const names = releases('amd64').flatMap((release) => [...release.programs.keys()]);
    expect(new Set(names).size).toBe(names.length);
    expect(releaseOf('flanneld', 'amd64')).toBeUndefined();
    expect(releaseOf('calico-node', 'amd64')).toBeUndefined();
  });
});
