/** Which version of a component found on the machine is good enough for a lab, and how to ask it. */
import { CALICO_VERSION, COREDNS_VERSION, FLANNEL_VERSION, KUBERNETES_VERSION } from './names.ts';
import type { ComponentName } from './names.ts';

/** How a binary is asked for its version and which answers are usable. */
export interface VersionRule {
  argv: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Finds the version in what the program printed (stdout and stderr); group 1 is the version. */
  pattern: RegExp;
  /** `minimum`: this or newer, but older than `below`; `minor`: any patch of the same minor release. */
  accept: { minimum: string; below?: string } | { minor: string };
  /** False for names that mean something else on most machines (`bridge` is iproute2's). */
  onPath: boolean;
}

const kubernetes: VersionRule = {
  argv: ['--version'],
  pattern: /Kubernetes v(\d+\.\d+\.\d+\S*)/,
  accept: { minor: KUBERNETES_VERSION },
  onPath: true,
};

// containerd 1.6 is the first with the sandbox and CRI settings the lab writes; Debian 12 has 1.6.20.
const containerd: VersionRule = {
  argv: ['--version'],
  pattern: /containerd(?:\/containerd)?(?:\/v\d+)? v?(\d+\.\d+\.\d+\S*)/,
  accept: { minimum: '1.6.0', below: '3.0.0' },
  onPath: true,
};

// Multi-call `calico` and the two daemons print nothing else than the version that was linked in.
const calico: VersionRule = {
  argv: ['-v'],
  pattern: /^(?:Version:\s+)?v?(\d+\.\d+\.\d+\S*)\s*$/m,
  accept: { minor: CALICO_VERSION },
  onPath: true,
};

const cniPlugin: VersionRule = {
  argv: ['--version'],
  pattern: /CNI \S+ plugin v?(\d+\.\d+\.\d+\S*)/,
  accept: { minimum: '1.1.0', below: '2.0.0' },
  onPath: false,
};

const rules: Partial<Record<ComponentName, VersionRule>> = {
  'kube-apiserver': kubernetes,
  'kube-controller-manager': kubernetes,
  'kube-scheduler': kubernetes,
  kubelet: kubernetes,
  'kube-proxy': kubernetes,
  kubectl: { ...kubernetes, argv: ['version', '--client'], pattern: /Client Version: v(\d+\.\d+\.\d+\S*)/ },
  etcd: {
    argv: ['--version'],
    pattern: /etcd Version: (\d+\.\d+\.\d+\S*)/,
    accept: { minimum: '3.4.0', below: '4.0.0' },
    onPath: true,
  },
  etcdctl: {
    argv: ['version'],
    env: { ETCDCTL_API: '3' },
    pattern: /etcdctl version: (\d+\.\d+\.\d+\S*)/,
    // 3.6 moved `snapshot restore` and `snapshot status` to etcdutl.
    accept: { minimum: '3.4.0', below: '3.6.0' },
    onPath: true,
  },
  containerd,
  ctr: { ...containerd, pattern: /ctr \S+ v?(\d+\.\d+\.\d+\S*)/ },
  'containerd-shim-runc-v2': { ...containerd, argv: ['-v'], pattern: /Version:\s+v?(\d+\.\d+\.\d+\S*)/ },
  runc: {
    argv: ['--version'],
    pattern: /runc version (\d+\.\d+\.\d+\S*)/,
    accept: { minimum: '1.1.0', below: '2.0.0' },
    onPath: true,
  },
  flanneld: {
    argv: ['--version'],
    pattern: /^v?(\d+\.\d+\.\d+\S*)\s*$/m,
    accept: { minor: FLANNEL_VERSION },
    onPath: true,
  },
  coredns: {
    argv: ['-version'],
    pattern: /CoreDNS-(\d+\.\d+\.\d+\S*)/,
    accept: { minor: COREDNS_VERSION },
    onPath: true,
  },
  'calico-node': calico,
  calico,
  'kube-controllers': { ...calico, argv: ['-version'] },
  bridge: cniPlugin,
  'host-local': cniPlugin,
  loopback: cniPlugin,
  portmap: cniPlugin,
  bandwidth: cniPlugin,
  'k3s-release': {
    argv: ['--version'],
    pattern: /k3s version v(\d+\.\d+\.\d+\S*)/,
    accept: { minor: KUBERNETES_VERSION },
    onPath: true,
  },
};

/** The rule for a component; undefined for those that print no version, which are never looked for on PATH. */
export function versionRule(name: ComponentName): VersionRule | undefined {
  return rules[name];
}

/** Major, minor, patch of a version text such as `v1.6.20~ds1` or `1.34.4+k3s1`; undefined when there are none. */
export function parseVersion(text: string): [number, number, number] | undefined {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?!\.?\d)/.exec(text.trim());
  if (!match) return undefined;
  return [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`; suffixes are ignored. */
export function compareVersions(a: string, b: string): number {
  const left = parseVersion(a);
  const right = parseVersion(b);
  if (!left || !right) throw new RangeError(`not a version: ${left ? b : a}`);
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
}

/** The version in a program's output, without a leading `v`; undefined when the rule's pattern is not in it. */
export function versionInOutput(rule: VersionRule, output: string): string | undefined {
  return rule.pattern.exec(output)?.[1];
}

/** Undefined when the version is usable, otherwise a clause that completes "…, but the lab needs …". */
export function whyUnusable(rule: VersionRule, version: string): string | undefined {
  const parsed = parseVersion(version);
  if (!parsed) return `it calls itself ${JSON.stringify(version)}, which is no version number`;
  if ('minor' in rule.accept) {
    const [major, minor] = parseVersion(rule.accept.minor) ?? [0, 0];
    if (parsed[0] === major && parsed[1] === minor) return undefined;
    return `it is ${version}, but the lab needs ${major}.${minor}.x`;
  }
  const { minimum, below } = rule.accept;
  if (compareVersions(version, minimum) < 0) return `it is ${version}, but the lab needs ${minimum} or newer`;
  if (below !== undefined && compareVersions(version, below) >= 0) {
    return `it is ${version}, but the lab is known to work only below ${below}`;
  }
  return undefined;
}
