/** Where official releases are published, and under which checksum file. */
import {
  CNI_PLUGINS_VERSION,
  CONTAINERD_VERSION,
  COREDNS_VERSION,
  ETCD_VERSION,
  K3S_VERSION,
  KUBERNETES_VERSION,
  RUNC_VERSION,
} from './names.ts';
import type { ComponentName } from './names.ts';

/** One published file: a program, or an archive of several. */
export interface Release {
  /** Names its folder in the cache together with version and architecture. */
  name: string;
  version: string;
  /** Host and path, without the scheme: `dl.k8s.io/release/…`. A mirror serves the same below its base. */
  file: string;
  /** Its checksum file, in the same form. */
  checksums: string;
  /** What it holds: component → its path in the archive; undefined for a file that is the program itself. */
  programs: ReadonlyMap<ComponentName, string | undefined>;
}

const github = (repository: string, tag: string, file: string) =>
  `github.com/${repository}/releases/download/${encodeURIComponent(tag)}/${file}`;

/**
 * The release that a component comes in, for Go's name of an architecture; undefined when its
 * project publishes none that could be checked: flannel publishes no checksums for flanneld, and
 * Calico's daemons come only inside container images.
 */
export function releaseOf(name: ComponentName, goarch: string): Release | undefined {
  return releases(goarch).find((release) => release.programs.has(name));
}

/** Every release, for Go's name of an architecture. */
export function releases(goarch: string): Release[] {
  return [
    ...(['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy', 'kubectl'] as const).map(
      (name) => kubernetes(name, goarch),
    ),
    etcd(goarch),
    containerd(goarch),
    program('runc', RUNC_VERSION, github('opencontainers/runc', `v${RUNC_VERSION}`, ''), `runc.${goarch}`, 'runc.sha256sum'),
    cniPlugins(goarch),
    coredns(goarch),
    program(
      'k3s-release',
      K3S_VERSION,
      github('k3s-io/k3s', `v${K3S_VERSION}`, ''),
      goarch === 'amd64' ? 'k3s' : `k3s-${goarch}`,
      `sha256sum-${goarch}.txt`,
    ),
  ];
}

function kubernetes(name: ComponentName, goarch: string): Release {
  const folder = `dl.k8s.io/release/v${KUBERNETES_VERSION}/bin/linux/${goarch}/`;
  return program(name, KUBERNETES_VERSION, folder, name, `${name}.sha256`);
}

function etcd(goarch: string): Release {
  const folder = `etcd-v${ETCD_VERSION}-linux-${goarch}`;
  const base = github('etcd-io/etcd', `v${ETCD_VERSION}`, '');
  return archive('etcd', ETCD_VERSION, base, `${folder}.tar.gz`, 'SHA256SUMS', `${folder}/`, ['etcd', 'etcdctl']);
}

function containerd(goarch: string): Release {
  const file = `containerd-${CONTAINERD_VERSION}-linux-${goarch}.tar.gz`;
  const base = github('containerd/containerd', `v${CONTAINERD_VERSION}`, '');
  return archive('containerd', CONTAINERD_VERSION, base, file, `${file}.sha256sum`, 'bin/', [
    'containerd',
    'containerd-shim-runc-v2',
    'ctr',
  ]);
}

function cniPlugins(goarch: string): Release {
  const file = `cni-plugins-linux-${goarch}-v${CNI_PLUGINS_VERSION}.tgz`;
  const base = github('containernetworking/plugins', `v${CNI_PLUGINS_VERSION}`, '');
  return archive('cni-plugins', CNI_PLUGINS_VERSION, base, file, `${file}.sha256`, '', [
    'bridge',
    'host-local',
    'loopback',
    'portmap',
    'bandwidth',
  ]);
}

function coredns(goarch: string): Release {
  const file = `coredns_${COREDNS_VERSION}_linux_${goarch}.tgz`;
  const base = github('coredns/coredns', `v${COREDNS_VERSION}`, '');
  return archive('coredns', COREDNS_VERSION, base, file, `${file}.sha256`, '', ['coredns']);
}

function program(name: ComponentName, version: string, base: string, file: string, checksums: string): Release {
  return { name, version, file: base + file, checksums: base + checksums, programs: new Map([[name, undefined]]) };
}

function archive(
  name: string,
  version: string,
  base: string,
  file: string,
  checksums: string,
  folder: string,
  members: readonly ComponentName[],
): Release {
  const programs = new Map(members.map((member) => [member, `${folder}${member}`]));
  return { name, version, file: base + file, checksums: base + checksums, programs };
}

/**
 * The address of a published file: at its own host, or below a mirror's base, which serves the
 * same host and path (`BASE/dl.k8s.io/release/…`).
 */
export function releaseUrl(file: string, base: string | undefined): string {
  return base === undefined ? `https://${file}` : `${base.replace(/\/+$/, '')}/${file}`;
}
