/** The build recipes: which Go module makes which programs, with which compiler settings. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CALICO_VERSION,
  CNI_PLUGINS_VERSION,
  COREDNS_VERSION,
  FLANNEL_VERSION,
  KUBERNETES_VERSION,
  NODE_PROGRAMS,
} from './names.ts';
import type { ComponentName } from './names.ts';

/** One program of a family. */
export interface Program {
  /** The component it is, and the file it is written to. */
  name: string;
  /** The Go package of its `main`. */
  package: string;
  version: string;
}

/** Programs built by one `go build`. */
export interface BuildUnit {
  /** With cgo the program is linked statically by the C compiler, as flannel's own Makefile does. */
  cgo: boolean;
  tags: readonly string[];
  programs: readonly Program[];
  /** `-X` settings, as `symbol=value`. */
  linkVariables: readonly string[];
}

/** Programs that share one go.mod, are built together and cached together. */
export interface Family {
  name: string;
  /** The folder of go.mod; every file in it goes into the digest. */
  moduleDirectory: string;
  units: readonly BuildUnit[];
  /** Extra environment of the go command. */
  env: Readonly<Record<string, string>>;
  /** Seconds a cold build took on two cores, the base of the first estimate; see estimate.ts. */
  measuredColdSeconds: number;
}

/** Program → version, of everything a family builds. */
export function programVersions(family: Family): Map<string, string> {
  return new Map(family.units.flatMap((unit) => unit.programs.map((program) => [program.name, program.version])));
}

/** Compiler settings of every build. Without DWARF a cold Kubernetes build takes 237 s instead of 385 s on 2 cores. */
export const GO_BUILD_FLAGS = ['-gcflags=all=-dwarf=false', '-trimpath'] as const;

/** The families that are there in every checkout, in the order in which they are best built. */
export const FAMILY_NAMES = ['node', 'flannel-cni-coredns', 'kubernetes', 'calico'] as const;
export type FamilyName = (typeof FAMILY_NAMES)[number];

const kubernetesPrograms = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
] as const;

const pluginPackages: Readonly<Record<string, string>> = {
  bridge: 'main/bridge',
  'host-local': 'ipam/host-local',
  loopback: 'main/loopback',
  portmap: 'meta/portmap',
  bandwidth: 'meta/bandwidth',
};

const calicoPackages: Readonly<Record<string, string>> = {
  'calico-node': 'node/cmd/calico-node',
  calico: 'cni-plugin/cmd/calico',
  'kube-controllers': 'kube-controllers/cmd/kube-controllers',
};

const calicoRenamed: Readonly<Record<string, string>> = {
  'calico-install': 'cni-plugin/cmd/install',
  'calico-check-status': 'kube-controllers/cmd/check-status',
  'calico-wrapper': 'kube-controllers/cmd/wrapper',
};

/** Where the components' modules are: beside this code in a checkout, beside the bundle when installed. */
export function componentsRoot(): string {
  const candidates = ['../components', './components', './lab/components'].map((relative) =>
    fileURLToPath(new URL(relative, import.meta.url)),
  );
  return candidates.find((candidate) => existsSync(join(candidate, 'kubernetes', 'go.mod'))) ?? candidates[0]!;
}

/** The family that builds a component; undefined when it is never built (containerd, runc, etcd, K3s itself). */
export function familyOf(name: ComponentName): FamilyName | undefined {
  if ((kubernetesPrograms as readonly string[]).includes(name)) return 'kubernetes';
  if (name in calicoPackages || name in calicoRenamed) return 'calico';
  if (name in pluginPackages || name === 'coredns' || name === 'flanneld') return 'flannel-cni-coredns';
  if ((NODE_PROGRAMS as readonly string[]).includes(name)) return 'node';
  return undefined;
}

/** The recipe of a family below `root`; the programs of the node module are its folders `cmd/*`. */
export async function loadFamily(name: FamilyName, root = componentsRoot()): Promise<Family> {
  const moduleDirectory = join(root, name);
  switch (name) {
    case 'kubernetes':
      return kubernetesFamily(moduleDirectory);
    case 'calico':
      return calicoFamily(moduleDirectory);
    case 'flannel-cni-coredns':
      return flannelFamily(moduleDirectory);
    case 'node':
      return nodeFamily(moduleDirectory);
  }
}

function kubernetesFamily(moduleDirectory: string): Family {
  const [major, minor] = KUBERNETES_VERSION.split('.');
  // Without these the API server calls itself v0.0.0-master and clients misbehave.
  const version = 'k8s.io/component-base/version';
  return {
    name: 'kubernetes',
    moduleDirectory,
    env: {},
    measuredColdSeconds: 237,
    units: [
      {
        cgo: false,
        tags: [],
        programs: kubernetesPrograms.map((program) => ({
          name: program,
          package: `k8s.io/kubernetes/cmd/${program}`,
          version: KUBERNETES_VERSION,
        })),
        linkVariables: [
          `${version}.gitVersion=v${KUBERNETES_VERSION}`,
          `${version}.gitMajor=${major}`,
          `${version}.gitMinor=${minor}`,
        ],
      },
    ],
  };
}

function calicoFamily(moduleDirectory: string): Family {
  const module = 'github.com/projectcalico/calico';
  return {
    name: 'calico',
    moduleDirectory,
    // Calico's pseudo-versions are unknown to the checksum database; the committed go.sum guards them.
    env: { GONOSUMDB: 'github.com/projectcalico/*' },
    measuredColdSeconds: 155,
    units: [
      {
        cgo: false,
        tags: [],
        programs: Object.entries(calicoPackages).map(([program, path]) => ({
          name: program,
          package: `${module}/${path}`,
          version: CALICO_VERSION,
        })),
        linkVariables: [`${module}/pkg/buildinfo.Version=v${CALICO_VERSION}`],
      },
      // Each apart, because they are not called what their package is called: a lab must never take coreutils' `install` for one.
      ...Object.entries(calicoRenamed).map(([name, path]) => ({
        cgo: false,
        tags: [],
        programs: [{ name, package: `${module}/${path}`, version: CALICO_VERSION }],
        linkVariables: [`${module}/pkg/buildinfo.Version=v${CALICO_VERSION}`],
      })),
    ],
  };
}

function flannelFamily(moduleDirectory: string): Family {
  const plugins = 'github.com/containernetworking/plugins';
  // With these, Go's standard library is the same with and without cgo, so that the seven
  // hundred packages that flannel shares with CoreDNS are compiled once instead of twice.
  const tags = ['netgo', 'osusergo'];
  const pluginPrograms = Object.entries(pluginPackages).map(([program, path]) => ({
    name: program,
    package: `${plugins}/plugins/${path}`,
    version: CNI_PLUGINS_VERSION,
  }));
  return {
    name: 'flannel-cni-coredns',
    moduleDirectory,
    env: {},
    // 226 s of processor time.
    measuredColdSeconds: 115,
    units: [
      {
        cgo: false,
        tags,
        programs: [
          { name: 'coredns', package: 'github.com/coredns/coredns', version: COREDNS_VERSION },
          ...pluginPrograms,
        ],
        linkVariables: [`${plugins}/pkg/utils/buildversion.BuildVersion=v${CNI_PLUGINS_VERSION}`],
      },
      {
        // Its udp backend is C on amd64, and Go leaves it no stub there.
        cgo: true,
        tags,
        programs: [{ name: 'flanneld', package: 'github.com/flannel-io/flannel', version: FLANNEL_VERSION }],
        linkVariables: [`github.com/flannel-io/flannel/pkg/version.Version=v${FLANNEL_VERSION}`],
      },
    ],
  };
}

async function nodeFamily(moduleDirectory: string): Promise<Family> {
  const commands = await readdir(join(moduleDirectory, 'cmd'), { withFileTypes: true });
  const programs = commands.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return {
    name: 'node',
    moduleDirectory,
    env: {},
    measuredColdSeconds: 20,
    units: [
      {
        cgo: false,
        tags: [],
        programs: programs.toSorted().map((program) => ({ name: program, package: `./cmd/${program}`, version: 'own' })),
        linkVariables: [],
      },
    ],
  };
}
