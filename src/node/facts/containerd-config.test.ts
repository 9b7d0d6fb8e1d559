import { describe, expect, test } from 'vitest';
import { parseContainerdCni } from './containerd-config.ts';

describe('parseContainerdCni', () => {
  test('version 2, as K3s writes it with its CNI on', () => {
    const toml = `version = 2
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/rancher/k3s/agent/containerd"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "rancher/mirrored-pause:3.6"

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/var/lib/rancher/k3s/data/cni"
  conf_dir = "/var/lib/rancher/k3s/agent/etc/cni/net.d"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
`;
    expect(parseContainerdCni(toml)).toEqual({ confDir: '/var/lib/rancher/k3s/agent/etc/cni/net.d', binDirs: ['/var/lib/rancher/k3s/data/cni'], byDefault: false });
  });

  test('version 3, literal strings, several directories over several lines', () => {
    const toml = `[ plugins . 'io.containerd.cri.v1.runtime' . cni ] # as printed by containerd 2
  bin_dirs = [
    '/opt/cni/bin',
    "/usr/lib/cni"
  ]
  conf_dir = '/etc/cni/net.d'
`;
    expect(parseContainerdCni(toml)).toEqual({ confDir: '/etc/cni/net.d', binDirs: ['/opt/cni/bin', '/usr/lib/cni'], byDefault: false });
  });

  test('no CNI section, a section of somebody else, comments: the defaults', () => {
    const toml = `version = 2
# [plugins."io.containerd.grpc.v1.cri".cni]
[other.cni]
  conf_dir = "/wrong"
[plugins."io.containerd.grpc.v1.cri".cni]
  # conf_dir = "/commented"
`;
    expect(parseContainerdCni(toml)).toEqual({ confDir: '/etc/cni/net.d', binDirs: ['/opt/cni/bin'], byDefault: true });
  });
});
