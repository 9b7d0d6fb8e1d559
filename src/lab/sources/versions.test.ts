import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ComponentName } from './names.ts';
import { compareVersions, parseVersion, versionInOutput, versionRule, whyUnusable } from './versions.ts';

describe('the version table', () => {
  // What the programs really printed on Debian 12 and as built here.
  const outputs: [ComponentName, string, string][] = [
    ['containerd', 'containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3', '1.6.20~ds1'],
    ['containerd', 'containerd github.com/containerd/containerd v1.7.27 05044ec0a9a75232cad458027ca83437aae3f4da', '1.7.27'],
    ['containerd', 'containerd github.com/containerd/containerd/v2 v2.1.0 061792f0ecf3684fb30a3a0eb006799b8c6638a7', '2.1.0'],
    ['ctr', 'ctr github.com/containerd/containerd 1.6.20~ds1', '1.6.20~ds1'],
    ['containerd-shim-runc-v2', 'containerd-shim-runc-v2:\n  Version:  1.6.20~ds1\n  Revision: x\n  Go version: go1.19.8\n', '1.6.20~ds1'],
    ['runc', 'runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\nspec: 1.0.2-dev\n', '1.1.5+ds1'],
    ['etcd', 'etcd Version: 3.4.23\nGit SHA: Not provided\nGo Version: go1.19.8\n', '3.4.23'],
    ['etcdctl', 'etcdctl version: 3.4.23\nAPI version: 3.4\n', '3.4.23'],
    ['kubelet', 'Kubernetes v1.34.4\n', '1.34.4'],
    ['kubectl', 'Client Version: v1.32.4-dispatcher\nKustomize Version: v5.5.0\n', '1.32.4-dispatcher'],
    ['coredns', 'CoreDNS-1.12.4\nlinux/amd64, go1.26.8, \n', '1.12.4'],
    ['flanneld', '\nv0.28.10\n', '0.28.10'],
    ['calico-node', 'Version:      v3.31.0\nBuild date:   \nGit commit:   \n', '3.31.0'],
    ['calico', 'v3.31.0\n', '3.31.0'],
    ['bridge', 'CNI bridge plugin v1.9.1\nCNI protocol versions supported: 0.1.0\n', '1.9.1'],
    ['k3s-release', 'k3s version v1.34.4+k3s1 (abcdef01)\ngo version go1.24.12\n', '1.34.4+k3s1'],
  ];

  test.each(outputs)('%s: %j', (name, output, version) => {
    expect(versionInOutput(versionRule(name)!, output)).toBe(version);
  });

  test("iproute2's bridge is not taken for the CNI plugin", () => {
    expect(versionInOutput(versionRule('bridge')!, 'bridge utility, iproute2-6.1.0\n')).toBeUndefined();
    expect(versionRule('bridge')!.onPath).toBe(false);
  });

  test.each<[ComponentName, string, string | undefined]>([
    ['containerd', '1.6.20~ds1', undefined],
    ['containerd', '1.5.13', 'it is 1.5.13, but the lab needs 1.6.0 or newer'],
    ['containerd', '3.0.0', 'it is 3.0.0, but the lab is known to work only below 3.0.0'],
    ['etcd', '3.4.23', undefined],
    ['etcd', '3.3.25', 'it is 3.3.25, but the lab needs 3.4.0 or newer'],
    ['kubelet', '1.34.1', undefined],
    ['kubectl', '1.32.4-dispatcher', 'it is 1.32.4-dispatcher, but the lab needs 1.34.x'],
    ['kubelet', '2.34.4', 'it is 2.34.4, but the lab needs 1.34.x'],
    ['runc', 'unknown', 'it calls itself "unknown", which is no version number'],
  ])('%s %s', (name, version, reason) => {
    expect(whyUnusable(versionRule(name)!, version)).toBe(reason);
  });
});

describe('parseVersion and compareVersions', () => {
  test.each([
    ['v1.34.4', [1, 34, 4]],
    ['1.6.20~ds1', [1, 6, 20]],
    ['1.34.4+k3s1', [1, 34, 4]],
    ['1.26', [1, 26, 0]],
    ['1.2.3.4', undefined],
    ['go1.26', undefined],
    ['', undefined],
  ])('%j', (text, expected) => {
    expect(parseVersion(text)).toEqual(expected);
  });

  test('order is that of the numbers, whatever the suffix', () => {
    const version = fc.tuple(fc.nat(50), fc.nat(50), fc.nat(50));
    const suffix = fc.constantFrom('', '~ds1', '+k3s1', '-rc.1');
    fc.assert(
      fc.property(version, version, suffix, suffix, (a, b, s, t) => {
        const numbers = a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
        expect(Math.sign(compareVersions(`v${a.join('.')}${s}`, `${b.join('.')}${t}`))).toBe(Math.sign(numbers));
      }),
    );
  });
});
